func archive(t: Task) {
    if on && t.rank == 1 || t.staff {
        t.v2() // +U
    }
    if t.rank == 1 && FeatureFlag.tasks_v2.enabled {
        t.v2() // +C
    }
    if t.rank > 1 && FeatureFlag.tasks_v2.enabled || t.staff {
        t.v2() // +U
    }
    if FeatureFlag.tasks_v2.enabled && t.rank == 1 || t.staff {
        t.v2() // +U
    }
    if FeatureFlag.tasks_v2.enabled == true && t.staff {
        t.v2() // +C
    }
    if t.staff && FeatureFlag.tasks_v2.enabled == false {
        t.old() // +U
    }
    if t.staff && FeatureFlag.tasks_v2.enabled != false { // +C
        t.v2() // +C
    }
    let title = t.staff || t.rank == 1 && FeatureFlag.tasks_v2.enabled // +U
        ? t.v2() // +U
        : t.old() // +U
}

func assign(t: Task) {
    if FeatureFlag.tasks_v2.enabled && t.kind != Kind.new || t.staff {
        t.touch()
        t.v2() // +U
    }
    if FeatureFlag.tasks_v2.enabled && t.bits & 1 == 1 || t.staff {
        t.touch()
        t.v2() // +U
    }
    if t.kind != Kind.new && FeatureFlag.tasks_v2.enabled {
        t.touch()
        t.v2() // +C
    }
}
