final class Tasks {
    private let on = FeatureFlag.tasks_v2.enabled
    private var late = FeatureFlag.tasks_v2.enabled
}

private extension Tasks {
    func archive(t: Task) {
        if on {
            t.v2() // +C
        }
        guard self.on else { return } // +C
        t.v3() // +C
        if late {
            t.v4()
        }
    }
    func assign(t: Task) {
        if late {
            t.v2() // +U
        }
    }
}

extension Other {
    func modify(t: Task) {
        if on {
            t.v2() // +U
        }
    }
}
