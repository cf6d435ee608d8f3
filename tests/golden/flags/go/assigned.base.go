package a


func launch(log *Log, list []bool, p *bool) {
	begin()
	if ready() {
		inner := false
		show(inner)
	}
}
