func archive(t: Task) throws {
    defer { t.audit() } // +U
    do {
        guard FeatureFlag.tasks_v2.enabled else { throw Off() }
        defer { t.close() } // +C
        try t.v2() // +C
    } catch {
        t.old() // +U
    }
    func helper() {
        t.v2() // +U
    }
    guard FeatureFlag.tasks_v2.enabled else { return }
    t.v3() // +C
    func late() {
        t.v3() // +U
    }
}
