def archive(t):
    if flag_on("tasks_v2"):  # +C
        t.begin()
        t.v2()
