def archive(t):
    assert flag_on("tasks_v2")
    t.v2()  # +U
