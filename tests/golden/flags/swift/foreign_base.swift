final class Pages: NSObject, PageNavigationDelegate {
    func finished(page: Page) {
        renew(page) // +U
    }
    private func inner(page: Page) {
        renew(page) // +I
    }
}
final class Own: NSObject, OwnDelegate {
    func began(page: Page) {
        renew(page) // +I
    }
}
protocol OwnDelegate {
}
func open(pages: Pages, own: Own, page: Page) {
    if FeatureFlag.tasks_v2.enabled {
        pages.finished(page: page) // +C
        pages.inner(page: page) // +C
        own.began(page: page) // +C
    }
}
