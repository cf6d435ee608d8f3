def archive(t):
    if flag_on("tasks_v2"):  # +C
        t.v2(t.owner)  # +C
    else:
        t.begin(t.owner, 1)
        t.end(t.owner, 2)
