fun archive(t: Task) {
    if (!FeatureFlag.isEnabled(Feature.tasks_v2)) {
        t.old() // +U
    } else {
        t.v2() // +C
    }
    if (!flags.isEnabled("tasks_v2") || t.staff) return
    t.v3() // +C
}

fun assign(t: Task) {
    if (!(flags.isEnabled("tasks_v2") && t.staff)) return
    t.v2() // +C
    if (flags.isEnabled("tasks_v2").not()) {
        t.old()
    }
}
