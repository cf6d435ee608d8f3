func archive(t: Task) {
    switch t.kind {
    case .new where FeatureFlag.tasks_v2.enabled:
        t.v2() // +U
    case .old:
        guard FeatureFlag.tasks_v2.enabled else { break }
        t.v2() // +C
    default:
        t.old() // +U
    }
    for t in all {
        if !FeatureFlag.tasks_v2.enabled { continue }
        t.v2() // +C
    }
    repeat {
        step() // +U
    } while FeatureFlag.tasks_v2.enabled
    while FeatureFlag.tasks_v2.enabled {
        step() // +C
    }
    let n = FeatureFlag.tasks_v2.enabled
        ? fresh() // +C
        : stale() // +U
}
