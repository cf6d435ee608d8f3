package a

func one(v any) {
	on := flags.IsEnabled("tasks_v2")
	switch on := v.(type) {
	case bool:
		if on { renew() } // +U
	}
}

func two(late chan bool) {
	on := flags.IsEnabled("tasks_v2")
	select {
	case on := <-late:
		if on { renew() } // +U
	}
}

func three(late chan bool) {
	on := flags.IsEnabled("tasks_v2")
	select {
	case on = <-late:
		if on { renew() } // +U
	}
}

func four(list []bool) {
	on := flags.IsEnabled("tasks_v2")
	for _, on := range list {
		if on { renew() } // +U
	}
}

func five(v any) {
	on := flags.IsEnabled("tasks_v2")
	if on, ok := v.(bool); ok {
		if on { renew() } // +U
	}
	if on { renew() } // +C
}

func six() {
	on := flags.IsEnabled("tasks_v2")
	run(func() (on bool) {
		if on { renew() } // +U
		return
	})
}
