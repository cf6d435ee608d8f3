package a

func Archive(t *Task) {
	if features.TasksV2.Enabled() { // +C
		t.V2() // +C
	}
	if toggles.IsEnabled(ctx, features.TasksV2) { // +C
		t.V2() // +C
	}
	if toggles.IsEnabledGlobally(features.TasksV2) { // +C
		t.V2() // +C
	}
	if client.Boolean(ctx, "tasks_v2", false, who) { // +C
		t.V2() // +C
	}
}

func Assign(t *Task) {
	if features.TasksV1.Enabled() { // +U
		t.V2() // +U
	}
	if toggles.IsEnabled(ctx, features.TasksV1) { // +U
		t.V2() // +U
	}
	if features.TasksV2.Known() { // +U
		t.V2() // +U
	}
	if client.Boolean(ctx, "tasks_v2", true, who) { // +U
		t.V2() // +X
	}
}
