def archive(t):
    """Archives it."""
    t.v1()
