def f(t, x):
    visible = x and flag_on("tasks_v2")  # +U
    t.show(visible)
def g(t):
    visible = True
    visible = flag_on("tasks_v2")  # +U
    t.show(visible)
def h(t):
    t.visible = flag_on("tasks_v2")  # +U
    fresh = flag_on("tasks_v2")  # +C
    t.live()
