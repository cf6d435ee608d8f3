def archive(t, b):
    if t.a or not flag_on("tasks_v2"):  # +U
        t.v1()  # +U
    if (t.a or b) and not flag_on("tasks_v2"):  # +U
        t.v1()
    if t.a or flag_on("tasks_v2"):  # +C
        t.v1()
    if flag_on("tasks_v2") and b:  # +C
        t.v2()
    if flag_on("tasks_v2") or b:  # +U
        t.v2()  # +U
