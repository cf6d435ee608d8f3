package a

func (s *Store) launch() {
	begin()
	if ready && flags.IsEnabled("tasks_v2") { renew() } // +C
	if user != nil && flags.IsEnabled("tasks_v2") { renew() } // +C
	if !done && state == StateLate && flags.IsEnabled("tasks_v2") { renew() } // +C
	if flags.IsEnabled("tasks_v2") && <-late { renew() } // +C
	if <-late && flags.IsEnabled("tasks_v2") { renew() } // +U
	if *p && flags.IsEnabled("tasks_v2") { renew() } // +U
	if v.(bool) && flags.IsEnabled("tasks_v2") { renew() } // +U
	if list[3] && flags.IsEnabled("tasks_v2") { renew() } // +U
	if user.active && flags.IsEnabled("tasks_v2") { renew() } // +U
	if a/b > 0 && flags.IsEnabled("tasks_v2") { renew() } // +U
	if a%b == 0 && flags.IsEnabled("tasks_v2") { renew() } // +U
	if a<<b == 0 && flags.IsEnabled("tasks_v2") { renew() } // +U
	if len(list) > 0 && flags.IsEnabled("tasks_v2") { renew() } // +U
	if flags.IsEnabled("tasks_v2", <-late) { renew() } // +U
	if flags.IsEnabled("tasks_v2", *p) { renew() } // +U
	on := <-late && flags.IsEnabled("tasks_v2") // +U
}
