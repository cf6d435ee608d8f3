class A {
  private final boolean on = flags.isEnabled("tasks_v2");
  void one() {
  }
  void two(Object task) {
  }
  void three(Object task) {
    if (!(task instanceof final Boolean on)) return;
  }
  void four(Object task) {
    if (task instanceof Point(boolean on, int y)) {
    }
  }
  void five(Object task) {
    switch (task) {
      default -> {}
    }
  }
  void six(Object task) {
  }
  void seven() {
  }
}
