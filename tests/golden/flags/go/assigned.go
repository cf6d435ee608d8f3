package a

var known = features.Enabled(features.TasksV2) // +U

func launch(log *Log, list []bool, p *bool) {
	begin()
	loud = features.Enabled(features.TasksV2)     // +U
	log.Loud = features.Enabled(features.TasksV2) // +U
	list[0] = features.Enabled(features.TasksV2)  // +U
	*p = features.Enabled(features.TasksV2)       // +U
	on := features.Enabled(features.TasksV2)      // +C
	var late bool // +N
	late = features.Enabled(features.TasksV2) // +C
	if on && late {                           // +C
		renew() // +C
	} // +N
	if ready() {
		inner := false
		show(inner)
	}
	inner = features.Enabled(features.TasksV2) // +U
}
