def archive(t):
    try:
        if not flag_on("tasks_v2"):
            raise Disabled()
    except Disabled:
        pass
    t.v2()  # +U
