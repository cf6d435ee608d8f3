class A {
  void archive(Task t) {
    final boolean on = client.boolVariation("tasks_v2", user, false);
    String label = on ? fresh(t) : old(t);
    if (on == false) return;
    t.v2(); // +C
    tasks.forEach(x -> { if (on) x.v2(); }); // +C
  }
  void assign(Task t, boolean force) {
    boolean on = flags.isEnabled("tasks_v2");
    on |= force;
    if (on) t.v2(); // +U
  }
  void modify(Task t, List<Boolean> all) {
    boolean on = flags.isEnabled("tasks_v2");
    all.forEach(on2 -> use(on2));
    use((boolean on3) -> on3);
    for (boolean x : all) {
      if (x) t.v2(); // +U
    }
    if (!on) t.v2(); // +U
  }
}
