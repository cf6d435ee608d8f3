final class Tasks: Base {
    private func fresh(t: Task) {
        t.mark() // +I
    }
    private func leaky(t: Task) {
        t.mark() // +U
    }
    @objc func tapped() {
        sweep() // +U
    }
    @IBAction private func pressed() {
        sweep() // +U
    }
    override func refresh() {
        sweep() // +U
    }
    @discardableResult
    func renew(t: Task) -> Int {
        return t.v2() // +I
    }
    func tableView(_ table: UITableView, didSelectRowAt path: IndexPath) {
        sweep() // +U
    }
    func open(t: Task) {
        if FeatureFlag.tasks_v2.enabled {
            fresh(t: t) // +C
            leaky(t: t) // +C
            tapped()
            pressed()
            refresh()
            renew(t: t)
            tableView(table, didSelectRowAt: path)
        }
        button.addTarget(self, action: #selector(leaky), for: .touchUpInside)
    }
}
