class Player extends Base {
  launch(log: Log, list: boolean[]) {
    begin();
    if (ready()) {
      let inner = false;
    }
  }
  resume() {
    show(title);
  }
}
