fun go(t: Task) {
    run(t.v1)
    t.v2()
}
