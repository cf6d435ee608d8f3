# Nothing enters ping and pong by their names, so something else may: and through them shared.
def ping(task):
    task.seen()  # +U
    pong(task)  # +U


def pong(task):
    ping(task)  # +U
    shared(task)  # +U


def shared(task):
    task.trim_v2()  # +U


def view(task):
    if flag_on("tasks_v2"):
        shared(task)  # +C
