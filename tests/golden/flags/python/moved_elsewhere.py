def i(t):
    a(t, 2)  # +U
    b(t)
    c(t)
def j(t):
    if not flag_on("tasks_v2"):  # +C
        old_step(t, 1, 2)  # +U
    a(t)
