class A {
  private final boolean on = flags.isEnabled("tasks_v2");
  void one() {
    if (on) renew(); // +C
  }
  void two(Object task) {
    if (task instanceof Boolean on && on) renew(); // +U
  }
  void three(Object task) {
    if (!(task instanceof final Boolean on)) return;
    if (on) renew(); // +U
  }
  void four(Object task) {
    if (task instanceof Point(boolean on, int y)) {
      if (on) renew(); // +U
    }
  }
  void five(Object task) {
    switch (task) {
      case Boolean on when on -> renew(); // +U
      default -> {}
    }
  }
  void six(Object task) {
    for (boolean on : list) if (on) renew(); // +U
  }
  void seven() {
    list.forEach(on -> { if (on) renew(); }); // +U
  }
}
