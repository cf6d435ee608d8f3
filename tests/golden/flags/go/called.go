package a

func run(t *Task) {
	run(t.v1()) // +U
}
