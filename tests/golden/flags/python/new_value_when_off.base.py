def archive(t):
    return legacy(t)
