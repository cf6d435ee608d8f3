def archive(t):
    x = t.v2() if flag_on("tasks_v2") else t.v1()  # +U
    return (
        t.v4()  # +C
        if flag_on("tasks_v2")
        else t.v3()
    )
