func archive(t: Task) {
    if !flags.isEnabled("tasks_v2") {
        t.old() // +U
    } else {
        t.v2() // +C
    }
    if !flags.isEnabled(.tasks_v2) || t.staff { return }
    t.v2() // +C
}

func assign(t: Task) {
    guard !flags.isEnabled(.tasks_v2) else { return }
    t.old() // +U
}

func modify(t: Task) {
    if !flags.isEnabled(.tasks_v2) {
        log("tasks_v2 is off")
    }
    t.v2() // +U
}
