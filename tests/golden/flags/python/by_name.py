def _v2(t):
    t.mark()  # +U
HANDLERS = {"archive": "_v2"}
def archive(t):
    if flag_on("tasks_v2"):
        _v2(t)
