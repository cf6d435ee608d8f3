func launch() {
    begin()
}
