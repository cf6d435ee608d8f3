def k(t):
    if not t.ready:
        return
    if not t.late:  # +U
        t.live()
    if t.a not in t.b:  # +U
        t.live()
    if t.age <= 3:  # +U
        t.live()
    t.count += 1  # +U
