import NewKit // +N

enum Feature: String {
    case other
    case tasks_v2 // +N
}

protocol Archiving {
    func archive(t: Task) // +N
}

func archive(
    t: Task,
    rank: Int = compute(), // +U
    name: String // +N
) {
    guard let t = t.next, FeatureFlag.tasks_v2.enabled, t.ready else { return } // +C
    t.v2() // +C
}

func assign(t: Task) {
    guard let u = load(t), FeatureFlag.tasks_v2.enabled else { return } // +U
    u.v2() // +C
}
