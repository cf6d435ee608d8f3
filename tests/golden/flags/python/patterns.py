def one(listed):
    on = is_enabled("tasks_v2")
    match listed:
        case [on, *_]:
            if on: renew()  # +U


def two(listed):
    on = is_enabled("tasks_v2")
    match listed:
        case {"on": on}:
            if on: renew()  # +U
        case Point(x=on) | Point(y=on):
            if on: renew()  # +U
        case [1, *on]:
            if on: renew()  # +U
        case {"a": 1, **on}:
            if on: renew()  # +U
        case str() as on:
            if on: renew()  # +U
        case on:
            if on: renew()  # +U


def three(listed):
    on = is_enabled("tasks_v2")
    with open(listed) as on:
        if on: renew()  # +U


def four(listed):
    on = is_enabled("tasks_v2")
    match listed:
        case [late, *_]:
            if on: renew()  # +C
