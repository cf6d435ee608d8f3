def archive(t):
    if flag_on("tasks_v2") is True:
        t.v2()  # +C
    if flag_on("tasks_v2") == False:
        t.v3()  # +U
    if flag_on("tasks_v2") != t.old:
        t.v4()  # +U
