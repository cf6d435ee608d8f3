class A {
  void archive(Task t) {
    if (!flags.isEnabled("tasks_v2")) return;
    t.v2(); // +C
  }
  void assign(Task t) {
    if (t.done()) {
      return;
    } else if (!flags.isEnabled("tasks_v2")) {
      throw new Off();
    }
    t.v2(); // +C
  }
  void modify(Task t) {
    if (!flags.isEnabled("tasks_v2")) {
      log.info("tasks_v2 is off");
    }
    t.v2(); // +U
  }
}
