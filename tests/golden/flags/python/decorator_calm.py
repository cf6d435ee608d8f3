@waffle_flag("tasks_v2")
@login_required
@require_http_methods(["GET"])
def archive(request):
    return do_v2(request)  # +C

@waffle_flag("tasks_v2")
@login_required
@app.route("/assign")
def assign(request):
    return do_v2(request)  # +U

@waffle_flag("tasks_v2")
@tasks.login_required.register
def modify(request):
    return do_v2(request)  # +U

@login_required
@require_GET
def create(request):
    return do_v2(request)  # +U
