def archive(t):
    if (on := flag_on("tasks_v2")) and t.ok:
        t.v2()  # +C
