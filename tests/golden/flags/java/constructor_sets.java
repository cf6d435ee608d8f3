class A {
  private final boolean on;
  private final boolean given;
  private final boolean either;
  A(Flags flags, boolean given) {
    this.on = flags.isEnabled("tasks_v2");
    this.given = given;
    if (given) {
      either = flags.isEnabled("tasks_v2");
    } else {
      either = true;
    }
  }
  void archive(Task t) {
    if (on) {
      t.v2(); // +C
    }
    if (given) {
      t.v2(); // +U
    }
    if (either) {
      t.v2(); // +U
    }
  }
}
