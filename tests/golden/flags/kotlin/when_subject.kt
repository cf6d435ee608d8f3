fun archive(t: Task, kind: Kind) {
    when (kind) {
        Kind.NEW -> {
            if (flags.isEnabled("tasks_v2")) {
                t.v2() // +C
            }
        }
        else -> {
            t.old() // +U
        }
    }
    when {
        t.done, flags.isEnabled("tasks_v2") -> {
            t.v2() // +U
        }
        t.late -> {
            t.v3() // +U
        }
    }
    when {
        !flags.isEnabled("tasks_v2") -> {
            t.old() // +U
        }
        t.late -> {
            t.v3() // +C
        }
    }
}
