package a

func Archive(t *Task) {
	if flags.IsEnabled("tasks_v2") {
		t.V2() // +X
	}
	if t.Ready && {
		t.Old()
	}
}

func Assign(t *Task) {
	if flags.IsEnabled("tasks_v2") {
		t.V2() // +C
	}
}
