package a

func Archive(t *Task) {
	if t.Age <= limit { // +U
		t.Old()
	}
	if !t.Ready { // +U
		t.Old()
	}
	if flags.IsEnabled("tasks_v2") && t.Age <= limit { // +C
		t.V2()
	}
}
