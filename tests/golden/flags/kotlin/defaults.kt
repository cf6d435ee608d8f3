class Tasks(
    val flags: Flags,
    val rank: Int = compute(), // +U
    val name: String // +N
) : Base(settings()) {
    fun archive(
        t: Task,
        rank: Int = compute(), // +U
        other: Int = 0
    ) {
        if (flags.isEnabled("tasks_v2")) {
            t.v2(rank) // +C
        }
    }
}
