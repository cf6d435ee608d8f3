class A {
    private val on = flags.isEnabled("tasks_v2")
    fun one() {
    }
    fun two(task: Task) {
        when (val on = task.late) {
        }
    }
    fun three(task: Task) {
        val (on, n) = task
    }
    fun four(task: Task) {
    }
    fun five(task: Task) {
    }
    fun six(task: Task) {
    }
    fun seven(on: Boolean) {
    }
}
