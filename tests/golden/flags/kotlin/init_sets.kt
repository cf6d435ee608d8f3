class A(flags: Flags, private val other: Boolean) {
    private val on: Boolean
    init {
        on = flags.isEnabled("tasks_v2")
    }
    fun archive(t: Task) {
        if (on) {
            t.v2() // +C
        }
        if (other) {
            t.v2() // +U
        }
        t.takeUnless { it.done }?.v2() // +U
    }
}
