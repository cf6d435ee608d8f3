@waffle_flag("tasks_v2")
@app.route("/archive")
def view(request):
    return do_v2(request)  # +U
