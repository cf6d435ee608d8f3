def archive(t):
    if t.old:
        t.v1()  # +U
    elif flag_on("tasks_v2"):
        t.v2()  # +C
    else:
        t.v3()  # +U
