class A {
    private let on = FeatureFlag.tasks_v2.enabled
    func one() {
        if on { renew() } // +C
    }
    func two(task: Task) {
        if let on = task.late {
            if on { renew() } // +U
        }
    }
    func three(task: Task) {
        guard let on = task.late else { return }
        if on { renew() } // +U
    }
    func four(task: Task) {
        if case .some(let on) = task.late {
            if on { renew() } // +U
        }
    }
    func five(task: Task) {
        switch task {
        case let (on, _):
            if on { renew() } // +U
        }
    }
    func six(task: Task) {
        for case let on? in task.all {
            if on { renew() } // +U
        }
    }
    func seven(task: Task) {
        let (on, n) = task.both
        if on { renew() } // +U
    }
    func eight(task: Task) {
        task.all.forEach { on in if on { renew() } } // +U
    }
    func nine(task: Task) {
        while let on = task.next {
            if on { renew() } // +U
        }
    }
}
