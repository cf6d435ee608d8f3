struct A {
    let on: Bool
    let other: Bool
    init(flags: Flags, other: Bool) {
        self.on = flags.isEnabled("tasks_v2")
        self.other = other
    }
    func archive(t: Task) {
        guard on else { return }
        t.v2() // +C
    }
    func assign(t: Task) {
        guard other else { return }
        t.v2() // +U
    }
}
struct B {
    let on: Bool
    func archive(t: Task) {
        if on {
            t.v2() // +U
        }
    }
}
