def archive(t, deep):
    result = t.v1()
    return result
