def archive(t):
    t.v2()  # +U
