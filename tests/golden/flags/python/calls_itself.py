def f(t):
    return f(t.next)  # +U
