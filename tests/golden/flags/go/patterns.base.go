package a

func one(v any) {
	on := flags.IsEnabled("tasks_v2")
	switch on := v.(type) {
	case bool:
	}
}

func two(late chan bool) {
	on := flags.IsEnabled("tasks_v2")
	select {
	case on := <-late:
	}
}

func three(late chan bool) {
	on := flags.IsEnabled("tasks_v2")
	select {
	case on = <-late:
	}
}

func four(list []bool) {
	on := flags.IsEnabled("tasks_v2")
	for _, on := range list {
	}
}

func five(v any) {
	on := flags.IsEnabled("tasks_v2")
	if on, ok := v.(bool); ok {
	}
}

func six() {
	on := flags.IsEnabled("tasks_v2")
	run(func() (on bool) {
		return
	})
}
