def go(t):
    run(t.v1())  # +U
    t.v2
    t.v3()  # +R
