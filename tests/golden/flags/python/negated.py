def archive(t):
    if not flag_on("tasks_v2"):
        t.v2()  # +U
    else:
        t.v3()  # +C
