func archive(t: Task) {
    if FeatureFlag.tasksV2.isEnabled() { t.v2() } // +C
    if RemoteFeatureFlag.tasksV2.enabled(using: store) { t.v2() } // +C
    if flags.isFeatureFlagEnabled(.tasksV2) { t.v2() } // +C
    guard flags.isFeatureFlagEnabled(.tasksV2) else { return } // +C
    t.v3() // +C
}

func assign(t: Task) {
    if FeatureFlag.tasksV1.isEnabled() { t.v2() } // +U
    if RemoteFeatureFlag.tasksV2.enabled(orElse: true) { t.v2() } // +U
    if flags.isFeatureFlagEnabled(.tasksV1) { t.v2() } // +U
    if FeatureFlag.tasksV2.description() { t.v2() } // +U
}
