func archive(t: Task) {
    let on = FeatureFlag.tasks_v2.enabled
    t.begin(on)
}

func assign(t: Task) {
    let on = FeatureFlag.tasks_v2.enabled // +C
    if on { // +C
        t.v2() // +C
    }
}

final class Tasks {
    let late = true
    func modify(t: Task) {
        let late = FeatureFlag.tasks_v2.enabled // +U
        t.renew(late)
    }
}
