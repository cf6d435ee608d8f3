def k(t):
    if not t.ready:
        return
    if t.late:
        t.live()
    if t.a in t.b:
        t.live()
    if t.age < 3:
        t.live()
    t.count = 1
