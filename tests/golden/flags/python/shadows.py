def f():
    global on
    on = flag_on("tasks_v2")
    g()
    if on:
        v2()  # +U
def h(xs):
    on = flag_on("tasks_v2")
    [v2(x) if on else 0 for on in xs]  # +U
def i(xs):
    on = flag_on("tasks_v2")
    with x as on:
        if on:
            v2()  # +U
def j(xs):
    on = flag_on("tasks_v2")
    k = lambda on: v2() if on else 0  # +U
def l(xs):
    if [flag_on("tasks_v2")]:
        v2()  # +U
    if (flag_on("tasks_v2"),):
        v2()  # +U
