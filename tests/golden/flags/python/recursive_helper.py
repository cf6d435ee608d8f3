def _v2(t, n):
    if n:
        _v2(t, n - 1)  # +I
    t.mark()  # +I
def archive(t):
    if flag_on("tasks_v2"):
        _v2(t, 3)
