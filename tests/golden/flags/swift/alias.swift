func archive(t: Task, all: [Bool]) {
    let on = flags.boolVariation(forKey: "tasks_v2", defaultValue: false)
    guard on else { return }
    t.v2() // +C
    run {
        t.v2() // +C
    }
}

func assign(t: Task, all: [Bool]) {
    let on = flags.isEnabled("tasks_v2")
    if let on = t.on {
        if on {
            t.v2() // +U
        }
    }
}

func modify(t: Task, all: [Bool]) {
    let on = flags.isEnabled("tasks_v2")
    for on in all {
        if on {
            t.v2() // +U
        }
    }
    all.forEach { on in
        if on {
            t.v2() // +U
        }
    }
}

func create(t: Task, force: Bool) {
    var on = flags.isEnabled("tasks_v2")
    on = on || force
    if on {
        t.v2() // +U
    }
    var sure = flags.isEnabled("tasks_v2")
    override(&sure)
    if sure {
        t.v2() // +U
    }
    let late = client.boolVariation(forKey: "tasks_v2", defaultValue: true)
    if late {
        t.v2() // +X
    }
}
