class Log {
    static var loud = true {
        didSet { restart() }
    }
    var quiet = true
}
final class Player: Base {
    private let fresh = FeatureFlag.tasks_v2.enabled // +C
    let known = FeatureFlag.tasks_v2.enabled // +U
    override var wide = FeatureFlag.tasks_v2.enabled // +U
    func launch(log: Log, list: inout [Bool]) {
        begin()
        Log.loud = FeatureFlag.tasks_v2.enabled // +U
        log.quiet = FeatureFlag.tasks_v2.enabled // +U
        self.inherited = FeatureFlag.tasks_v2.enabled // +U
        inherited = FeatureFlag.tasks_v2.enabled // +U
        list[0] = FeatureFlag.tasks_v2.enabled // +U
        view.isHidden = !FeatureFlag.tasks_v2.enabled // +U
        let on = FeatureFlag.tasks_v2.enabled // +C
        var late: Bool // +N
        late = FeatureFlag.tasks_v2.enabled // +C
        if on { // +C
            renew(late) // +C
        } // +N
        do {
            var inner = false
        }
        inner = FeatureFlag.tasks_v2.enabled // +U
    }
    func resume() {
        show(title)
        let title = FeatureFlag.tasks_v2.enabled // +U
    }
}
