open class Base {
    open val wide = true
}
class Player : Base() {
    fun launch(log: Log, list: BooleanArray) {
        begin()
        if (ready()) {
            var inner = false
        }
    }
    private fun resume() {
        show(title)
        show(title)
    }
}
