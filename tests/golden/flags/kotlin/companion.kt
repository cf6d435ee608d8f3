class Tasks {
    companion object {
        val table = build() // +U
        const val NAME = "tasks"
        fun of(t: Task) = if (flags.isEnabled("tasks_v2")) Tasks() else null
    }
}

object Registry {
    init {
        add(V2()) // +U
    }
}

enum class Feature {
    OTHER, tasks_v2 // +N
}

val top = Registry.load() // +U
