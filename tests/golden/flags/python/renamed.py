def archive_all(t):  # +R
    t.v1()
def view(t):
    archive(t)
