fun archive(ts: List<Task>) {
    for (t in ts) {
        if (!flags.isEnabled("tasks_v2")) continue // +C
        t.v2() // +C
    }
    ts.forEach {
        if (!flags.isEnabled("tasks_v2")) return@forEach // +C
        it.v2() // +C
    }
    done(ts) // +U
}

fun assign(t: Task) {
    if (!flags.isEnabled("tasks_v2")) {
        log("tasks_v2 is off")
    }
    t.v2() // +U
}

fun modify(t: Task) {
    if (!flags.isEnabled("tasks_v2")) error("tasks_v2 is off")
    t.v2() // +U
    if (!flags.isEnabled("tasks_v2")) throw Off()
    t.v2() // +C
}
