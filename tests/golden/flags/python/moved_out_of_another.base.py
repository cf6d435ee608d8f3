def archive(t):
    if t.ok:
        t.begin()
        t.v2()
