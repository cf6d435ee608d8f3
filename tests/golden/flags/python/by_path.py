urls = [url("^e$", "app.views.export"), url("^l$", "app.views.exports")]


def export(request):
    begin()
    renew()  # +U


def show(request):
    begin()
    renew()  # +I


def index(request):
    if is_enabled("tasks_v2"):
        export(request)
        show(request)
