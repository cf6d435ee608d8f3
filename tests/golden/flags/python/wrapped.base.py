def archive(t):
    t.begin()
    t.v2()
