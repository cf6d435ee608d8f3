# Another function of the same name is handed to somebody by its decorator.
class Importer:
    def store(self, task):
        task.log_v2()  # +I


class Receiver:
    @handler
    def store(self, task):
        normalise(task)


def normalise(task):
    task.trim_v2()  # +U
    return task


def view(task):
    if flag_on("tasks_v2"):
        Importer().store(task)  # +C
