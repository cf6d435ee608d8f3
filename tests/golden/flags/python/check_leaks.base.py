def archive(t, b):
    if t.a:
        t.v1()
    if t.a and not flag_on("tasks_v2"):
        t.v1()
    if t.a:
        t.v1()
    if flag_on("tasks_v2"):
        t.v2()
    if flag_on("tasks_v2"):
        t.v2()
