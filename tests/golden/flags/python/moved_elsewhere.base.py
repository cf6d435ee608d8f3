def i(t):
    old_step(t, 1, 2)
    a(t)
    b(t)
    c(t)
def j(t):
    a(t)
