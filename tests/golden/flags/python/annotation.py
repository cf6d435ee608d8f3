def archive(t: Task, deep: bool) -> Result:
    result: Result = t.v1()
    return result
