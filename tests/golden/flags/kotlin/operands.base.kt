fun launch() {
    begin()
}
