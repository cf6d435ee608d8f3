class Player extends Base {
  void launch(Log log, boolean[] list) {
    begin();
    if (ready()) {
      boolean inner;
    }
    use(new Base() {
    });
  }
}
