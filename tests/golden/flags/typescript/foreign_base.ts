class Panel extends Base<Props> implements Refreshed {
  refresh() {
    renew() // +U
  }
  private inner() {
    renew() // +I
  }
}
class Own extends Near {
  repaint() {
    renew() // +I
  }
}
class Far extends Nearer {
  restart() {
    renew() // +U
  }
}
class Near {
}
class Nearer extends Base {
}
export function launch(panel: Panel, own: Own, far: Far) {
  if (isEnabled("tasks_v2")) {
    panel.refresh() // +C
    panel.inner() // +C
    own.repaint() // +C
    far.restart() // +C
  }
}
