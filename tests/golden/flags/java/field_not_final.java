class A {
  private boolean on = flags.isEnabled("tasks_v2");
  private final boolean sure = client.boolVariation("tasks_v2", user, true);
  private final boolean other = flags.isEnabled("tasks_v1");
  void archive(Task t, A a) {
    if (this.on) t.v2(); // +U
    if (sure) t.v2(); // +U
    if (other) t.v2(); // +U
  }
}
class B {
  private final boolean on = flags.isEnabled("tasks_v2");
  void archive(Task t, A a) {
    if (on) t.v2(); // +C
    if (a.on) t.v2(); // +U
  }
  void assign(Task t, boolean on) {
    if (on) t.v2(); // +U
    if (this.on) t.v2(); // +C
  }
}
