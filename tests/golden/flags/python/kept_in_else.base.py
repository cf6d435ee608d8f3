def archive(t):
    t.begin(t.owner, 1)
    t.end(t.owner, 2)
