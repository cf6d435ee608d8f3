func archive(t: Task) {
    guard !FeatureFlag.tasks_v2.enabled else {
        t.v2() // +C
        return // +C
    }
    t.old() // +U
}

func assign(t: Task) {
    guard !FeatureFlag.tasks_v2.enabled, t.ready else {
        t.v2() // +U
        return
    }
    guard FeatureFlag.tasks_v2.enabled else {
        t.old() // +U
        return
    }
}

func modify(t: Task) {
    guard FeatureFlag.tasks_v2.enabled || t.staff else {
        t.old() // +U
        return
    }
}
