class Log {
    static var loud = true {
        didSet { restart() }
    }
    var quiet = true
}
final class Player: Base {
    func launch(log: Log, list: inout [Bool]) {
        begin()
        do {
            var inner = false
        }
    }
    func resume() {
        show(title)
    }
}
