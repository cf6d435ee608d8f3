package a

func Archive(t *Task) {
	if t.Done {
		return
	} else if !flags.IsEnabled("tasks_v2") {
		return
	}
	t.V2() // +C
}

func Assign(t *Task) {
	if t.Done {
		t.Touch()
	} else if !flags.IsEnabled("tasks_v2") {
		return
	}
	t.V2() // +U
}
