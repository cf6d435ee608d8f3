package a

func Archive(t *Task) error {
	on, err := client.BooleanValue(ctx, "tasks_v2", false, who)
	if err != nil {
		return err
	}
	if on && t.Ready() {
		t.V2() // +C
	} else {
		t.Old() // +U
	}
	func() {
		if !on {
			return
		}
		t.V2() // +C
	}()
	return nil
}
