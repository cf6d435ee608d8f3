package a

var on = true

func Archive(ts []*Task, more []bool) {
	if len(ts) > 0 {
		on := flags.IsEnabled("tasks_v2")
		use(on)
	}
	if on {
		ts[0].V2() // +U
	}
}

func Assign(t *Task, all map[string]bool) {
	on := flags.IsEnabled("tasks_v2")
	for _, on := range all {
		if on {
			t.V2() // +U
		}
	}
	override(&on)
	if on {
		t.V2() // +U
	}
}

func Modify(t *Task) {
	on := flags.IsEnabled("tasks_v2")
	run(func(on bool) {
		if on {
			t.V2() // +U
		}
	})
	on = on || t.Force
	if on {
		t.V2() // +U
	}
}
