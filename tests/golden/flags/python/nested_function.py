def archive(t):
    if flag_on("tasks_v2"):
        def later():
            t.v2()  # +C
        later()  # +C
    def always():
        t.v3()  # +U
    always()
