fun archive(t: Task) {
    if (FeatureFlag.TASKS_V2.isEnabled()) t.v2() // +C
    if (FeatureFlag.TASKS_V2.isEnabled(context)) t.v2() // +C
    if (!FeatureFlag.TASKS_V2.isEnabled()) return // +C
    t.v3() // +C
}

fun assign(t: Task) {
    if (FeatureFlag.TASKS_V1.isEnabled()) t.v2() // +U
    if (FeatureFlag.TASKS_V2.isEnabled().not()) t.v2() // +U
    if (FeatureFlag.TASKS_V2.name()) t.v2() // +U
    if (!FeatureFlag.TASKS_V2.isEnabled()) t.v2() // +U
}
