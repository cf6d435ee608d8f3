def archive(t):
    if t.ok:
        if not flag_on("tasks_v2"):
            return
        t.v2()  # +C
    t.v3()  # +U
