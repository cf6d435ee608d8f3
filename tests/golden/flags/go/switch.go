package a

func Archive(t *Task) {
	switch {
	case t.Done:
		t.Touch()
	case flags.IsEnabled("tasks_v2") && t.Ready():
		t.V2() // +C
	case t.Old:
		t.Legacy() // +U
	}
	switch {
	case t.Done:
		t.Touch()
		fallthrough
	case flags.IsEnabled("tasks_v2"):
		t.V2() // +U
	}
	switch {
	case t.Done, flags.IsEnabled("tasks_v2"):
		t.V2() // +U
	case !flags.IsEnabled("tasks_v2"):
		t.Touch()
	default:
		t.V3() // +C
	}
	switch t.Kind {
	case flags.IsEnabled("tasks_v2"):
		t.V2() // +U
	}
}
