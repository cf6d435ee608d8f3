fun archive(t: Task, all: List<Boolean>) {
    val on = flags.isEnabled("tasks_v2")
    if (on && t.ready) t.v2() // +C
    if (on || t.ready) t.v2() // +U
    t.run {
        if (on) v2() // +C
    }
}

fun create(t: Task, all: List<Boolean>) {
    val on = flags.isEnabled("tasks_v2")
    all.forEach { on -> if (on) t.v2() } // +U
    for (on in all) {
        if (on) t.v2() // +U
    }
}

fun assign(t: Task, force: Boolean) {
    var on = flags.isEnabled("tasks_v2")
    on = on || force
    if (on) t.v2() // +U
}

fun modify(t: Task) {
    val (on, other) = load(t)
    if (on) t.v2() // +U
    val sure = client.boolVariation("tasks_v2", user, true)
    if (sure) {
        t.v2() // +X
    }
}
