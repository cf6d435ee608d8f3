package a

func Archive(ts []*Task) {
	for _, t := range ts {
		if !flags.IsEnabled("tasks_v2") {
			continue
		}
		t.V2() // +C
	}
	for flags.IsEnabled("tasks_v2") {
		step() // +C
	}
	for i := start(); flags.IsEnabled("tasks_v2"); i++ {
		step() // +C
	}
	for i := 0; i < 3; i++ {
		if flags.IsEnabled("tasks_v2") {
			break
		}
		old() // +U
	}
	done() // +U
}
