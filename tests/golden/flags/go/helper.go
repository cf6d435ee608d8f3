package a

func (t *Task) archiveV2() {
	t.mark() // +I
}

func (t *Task) leaky() {
	t.mark() // +U
}

func (t *Task) String() string {
	return t.v2() // +U
}

func Archive(t *Task) {
	if flags.IsEnabled("tasks_v2") {
		t.archiveV2() // +C
		t.leaky() // +C
		log(t.String())
	}
}

func Assign(t *Task) {
	register(t.leaky)
}
