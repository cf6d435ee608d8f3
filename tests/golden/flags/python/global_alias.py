ON = flag_on("tasks_v2")  # +U
def archive(t):
    if ON:
        t.v2()  # +U
