class A {
    private let on = FeatureFlag.tasks_v2.enabled
    func one() {
    }
    func two(task: Task) {
        if let on = task.late {
        }
    }
    func three(task: Task) {
        guard let on = task.late else { return }
    }
    func four(task: Task) {
        if case .some(let on) = task.late {
        }
    }
    func five(task: Task) {
        switch task {
        case let (on, _):
        }
    }
    func six(task: Task) {
        for case let on? in task.all {
        }
    }
    func seven(task: Task) {
        let (on, n) = task.both
    }
    func eight(task: Task) {
    }
    func nine(task: Task) {
        while let on = task.next {
        }
    }
}
