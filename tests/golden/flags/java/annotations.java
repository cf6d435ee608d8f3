class A {
  @Nullable
  Task fresh(Task t) {
    return t.v2(); // +I
  }
  @Scheduled(fixedRate = 5)
  void tick() {
    sweep(); // +U
  }
  @Override
  public void refresh() {
    sweep(); // +U
  }
  @FeatureFlag("tasks_v2")
  void marked(Task t) {
    t.v2(); // +U
  }
  public int compareTo(A a) {
    return rank(a); // +U
  }
  void archive(Task t) {
    if (flags.isEnabled("tasks_v2")) {
      fresh(t);
      tick();
      refresh();
      compareTo(this);
    }
  }
}
