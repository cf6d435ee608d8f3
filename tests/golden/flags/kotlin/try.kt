fun archive(t: Task) {
    try {
        if (!flags.isEnabled("tasks_v2")) throw Off()
        t.v2() // +C
    } catch (e: Off) {
        t.old() // +U
    } finally {
        t.audit() // +U
    }
    do {
        step() // +U
    } while (flags.isEnabled("tasks_v2"))
    while (flags.isEnabled("tasks_v2")) {
        step() // +C
    }
    val rank = if (flags.isEnabled("tasks_v2")) {
        t.v2() // +C
    } else {
        t.old() // +U
    }
}
