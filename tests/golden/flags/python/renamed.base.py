def archive(t):
    t.v1()
def view(t):
    archive(t)
