def archive(t):
    if not flag_on("tasks_v2"):
        t.v1()
    elif t.old:
        t.v2()  # +C
    else:
        t.v3()  # +C
