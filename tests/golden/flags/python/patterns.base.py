def one(listed):
    on = is_enabled("tasks_v2")
    match listed:
        case [on, *_]:


def two(listed):
    on = is_enabled("tasks_v2")
    match listed:
        case {"on": on}:
        case Point(x=on) | Point(y=on):
        case [1, *on]:
        case {"a": 1, **on}:
        case str() as on:
        case on:


def three(listed):
    on = is_enabled("tasks_v2")
    with open(listed) as on:


def four(listed):
    on = is_enabled("tasks_v2")
    match listed:
        case [late, *_]:
