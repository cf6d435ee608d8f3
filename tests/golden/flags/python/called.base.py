def go(t):
    run(t.v1)
    t.v2()
    t.v3()
