package a

func Archive(t *Task) {
	if t.Age < limit {
		t.Old()
	}
	if t.Ready {
		t.Old()
	}
	if flags.IsEnabled("tasks_v2") && t.Age < limit {
		t.V2()
	}
}
