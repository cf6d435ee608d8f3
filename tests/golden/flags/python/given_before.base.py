def f(t, x):
    visible = x
    t.show(visible)
def g(t):
    visible = True
    t.show(visible)
def h(t):
    t.live()
