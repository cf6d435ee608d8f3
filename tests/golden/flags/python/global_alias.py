ON = flag_on("tasks_v2")  # +C
def archive(t):
    if ON:
        t.v2()  # +U
