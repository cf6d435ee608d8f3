package a

func Archive(t *Task) (int, error) {
	if !flags.IsEnabled("tasks_v2") { // +C
		return 0, nil // +C
	}
	return t.Old(), nil
}

func Assign(t *Task) (int, error) {
	if !flags.IsEnabled("tasks_v2") { // +C
		return t.Legacy(), nil // +U
	}
	return t.Old(), nil
}
