def archive(t, on):
    if on:
        t.v2()  # +U
def assign(t):
    archive(t, flag_on("tasks_v2"))
