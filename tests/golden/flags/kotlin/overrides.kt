class Tasks : Screen() {
    override fun render() {
        v2() // +U
    }

    fun onCreate() {
        v2() // +U
    }

    @Subscribe
    fun changed() {
        v2() // +U
    }

    @Composable
    fun Fresh() {
        v2() // +I
        Title()
    }

    fun Title() {
        v2() // +I
    }

    fun rank(n: Int): Int {
        return rank(n - 1) // +U
    }

    fun open() {
        if (flags.isEnabled("tasks_v2")) {
            render()
            onCreate()
            changed()
            Fresh()
        }
    }
}
