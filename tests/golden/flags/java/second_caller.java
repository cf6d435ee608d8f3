class A {
  private void renew(Task t) {
    t.mark(); // +U
  }
  private void refit(Task t) {
    t.mark(); // +I
    again(t); // +I
  }
  private void again(Task t) {
    if (t.more()) refit(t); // +I
  }
  void archive(Task t) {
    if (flags.isEnabled("tasks_v2")) {
      renew(t);
      refit(t);
    }
  }
  void assign(List<Task> ts) {
    ts.forEach(this::renew);
  }
}
