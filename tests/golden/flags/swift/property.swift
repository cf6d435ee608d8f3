class Tasks: UIViewController {
    private let on = FeatureFlag.tasks_v2.enabled
    private var maybe = FeatureFlag.tasks_v2.enabled
    private let cache = Cache() // +U
    private lazy var other = Other() // +U

    override func viewDidLoad() {
        super.viewDidLoad()
        if on {
            start() // +C
        }
        if self.on, let t = task {
            t.v2() // +C
        }
        if maybe {
            start() // +U
        }
        if parent.on {
            start() // +U
        }
        prepare() // +U
    }

    var title: String {
        guard on else { return "" }
        return fresh() // +C
    }

    var name: String = "" {
        didSet {
            changed() // +U
        }
    }

    static let shared = Tasks() // +U
}
