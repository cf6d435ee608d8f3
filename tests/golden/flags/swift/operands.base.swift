func launch() {
    begin()
}

func wait() {
    begin()
}
