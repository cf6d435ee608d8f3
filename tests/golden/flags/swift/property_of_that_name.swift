class D: NSObject, Watching {
    func webView(_ w: View, didFinish n: Bool) {
        begin()
        wipe() // +U
    }
    func loader(_ w: View) {
        begin()
        wipe() // +U
    }
    func drop() {
        begin()
        wipe() // +I
    }
}
class L {
    func start() {
        live.delegate = d
        if FeatureFlag.tasks_v2.enabled {
            webView.reload()
            asset.loader.watch(d)
            d.drop()
        }
    }
}
