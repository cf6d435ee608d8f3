def archive(t):
    """Archives a task."""
    # A comment that changed
    t.v1()
