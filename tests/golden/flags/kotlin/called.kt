fun go(t: Task) {
    run(t.v1())  // +U
    t.v2
}  // +R
