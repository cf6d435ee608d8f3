if flag_on("tasks_v2"):
    def view(t):
        t.v2()  # +U
    bus.on("task", lambda t: t.v2())  # +U
