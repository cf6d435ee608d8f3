class A {
    private val on = flags.isEnabled("tasks_v2")
    fun one() {
        if (on) renew() // +C
    }
    fun two(task: Task) {
        when (val on = task.late) {
            true -> if (on) renew() // +U
        }
    }
    fun three(task: Task) {
        val (on, n) = task
        if (on) renew() // +U
    }
    fun four(task: Task) {
        for ((on, n) in tasks) if (on) renew() // +U
    }
    fun five(task: Task) {
        tasks.forEach { (on, n) -> if (on) renew() } // +U
    }
    fun six(task: Task) {
        task.late?.let { on -> if (on) renew() } // +U
    }
    fun seven(on: Boolean) {
        if (on) renew() // +U
    }
}
