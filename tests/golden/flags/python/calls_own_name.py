def archive(t):
    if not flag_on("tasks_v2"):
        t.v2()  # +U
    else:
        t.archive()

def assign(t):
    t.v2()  # +U
    def later():
        if flag_on("tasks_v2"):
            t.modify()
    later()

def modify(t):
    if flag_on("tasks_v2"):
        t.assign()
    t.v2()  # +U

def create(t):
    if flag_on("tasks_v2"):
        t.renew(3)

def renew(t, n):
    t.v2()  # +I
    if flag_on("tasks_v2"):
        t.renew(n - 1)

def numbers(request):
    count = 0  # +U
    if flag_on("tasks_v2"):
        count = number_for(request)  # +C
    return {"numbers": count}  # +U

def number_for(request):
    return request.v2()  # +I
