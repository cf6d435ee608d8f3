class Tasks(private val flags: Flags) {
    private val on = flags.isEnabled(Feature.tasks_v2)
    private var maybe = flags.isEnabled(Feature.tasks_v2)
    private val late by lazy { flags.isEnabled(Feature.tasks_v2) }
    private val now get() = flags.isEnabled(Feature.tasks_v2)
    private val cache = Cache() // +U

    fun archive(t: Task, other: Tasks) {
        if (on) {
            t.v2() // +C
        }
        if (!this.on) {
            t.old() // +U
        }
        if (other.on) {
            t.v2() // +U
        }
        if (maybe) {
            t.v2() // +U
        }
        if (late) {
            t.v2() // +U
        }
    }

    val title: String
        get() {
            if (!on) return ""
            return t.v2() // +C
        }
}
