def archive(t):
    t.v1()
    t.end()
