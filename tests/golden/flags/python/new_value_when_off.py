def archive(t):
    if not flag_on("tasks_v2"):  # +C
        return other(t)  # +U
    t.v2()  # +C
