def archive(ts):
    for t in ts:
        if not flag_on("tasks_v2"):
            break
        t.v2()  # +C
    done(ts)  # +U
    while flag_on("tasks_v2"):
        poll()  # +C
