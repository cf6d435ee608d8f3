open class Base {
    open val wide = true
}
class Player : Base() {
    private val fresh = flags.isEnabled("tasks_v2") // +C
    val known = flags.isEnabled("tasks_v2") // +U
    override val wide = flags.isEnabled("tasks_v2") // +U
    fun launch(log: Log, list: BooleanArray) {
        begin()
        loud = flags.isEnabled("tasks_v2") // +U
        this.loud = flags.isEnabled("tasks_v2") // +U
        log.loud = flags.isEnabled("tasks_v2") // +U
        list[0] = flags.isEnabled("tasks_v2") // +U
        val on = flags.isEnabled("tasks_v2") // +C
        val late: Boolean // +N
        late = flags.isEnabled("tasks_v2") // +C
        if (on && late) { // +C
            renew() // +C
        } // +N
        if (ready()) {
            var inner = false
        }
        inner = flags.isEnabled("tasks_v2") // +U
    }
    private fun resume() {
        show(title)
        val title = flags.isEnabled("tasks_v2") // +U
        show(title)
    }
}
