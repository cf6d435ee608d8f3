def archive(t):
    if flag_on("tasks_v2"):
        t.v2()
