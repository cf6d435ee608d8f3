def archive(t):
    match variant("tasks_v2"):
        case "on":
            t.v2()  # +X
        case _:
            t.v1()
