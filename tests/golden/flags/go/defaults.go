package a

func Archive(t *Task) {
	if on, _ := client.BooleanValue(ctx, "tasks_v2", true, who); on {
		t.V2() // +X
	}
	if on, _ := client.BooleanValue(ctx, "tasks_v2", false, who); on {
		t.V2() // +C
	}
	if unleash.IsEnabled("tasks_v2", unleash.WithFallback(true)) {
		t.V2() // +X
	}
}

func Assign(t *Task) {
	if other, on := t.Staff, flags.IsEnabled("tasks_v2"); other {
		t.Use(on) // +U
	}
}
