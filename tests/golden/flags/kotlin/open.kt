open class A {
    protected open val on = flags.isEnabled("tasks_v2")
    fun archive(t: Task) {
        if (on) {
            t.v2() // +U
        }
    }
}
