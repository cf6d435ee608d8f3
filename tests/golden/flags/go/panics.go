package a

func Archive(t *Task) {
	if !flags.IsEnabled("tasks_v2") {
		panic("tasks_v2 is off")
	}
	t.V2() // +C
}

func Assign(t *Task) {
	if !flags.IsEnabled("tasks_v2") {
		log.Println("tasks_v2 is off")
	}
	t.V2() // +U
}

func Modify(t *Task) {
	if flags.IsEnabled("tasks_v2") {
		t.V2() // +C
	} else {
		return
	}
	t.V3() // +C
}
