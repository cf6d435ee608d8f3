package a

func Archive(t *Task) {
	if flags.IsEnabled("tasks_v2") || t.Staff {
		t.V2() // +U
	}
	if !(!flags.IsEnabled("tasks_v2") || t.Staff) {
		t.V2() // +C
	}
	if v, err := load(t); err == nil && flags.IsEnabled("tasks_v2") {
		t.Use(v) // +C
	}
}
