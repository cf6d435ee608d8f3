class Refresher extends Panel implements RefreshListener {
  public void refreshed() {
    renew(); // +U
  }
  private void inner() {
    renew(); // +I
  }
}
class Own extends Refreshable {
  public void repaint() {
    renew(); // +I
  }
}
abstract class Refreshable {
}
class A {
  void launch(Refresher refresher, Own own) {
    if (flags.isEnabled("tasks_v2")) {
      refresher.refreshed(); // +C
      refresher.inner(); // +C
      own.repaint(); // +C
    }
  }
}
