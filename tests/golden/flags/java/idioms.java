class A {
  void archive(Task t) {
    if (FeatureFlag.TASKS_V2.isEnabled()) t.v2(); // +C
    if (Features.TASKS_V2.isActive()) t.v2(); // +C
    if (flagsmith.hasFeatureFlag("tasks_v2")) t.v2(); // +C
    if (!Features.TASKS_V2.isActive()) return; // +C
    t.v3(); // +C
  }
  void assign(Task t) {
    if (FeatureFlag.TASKS_V1.isEnabled()) t.v2(); // +U
    if (!Features.TASKS_V2.isActive()) t.v2(); // +U
    if (Features.TASKS_V2.isActive() || t.staff()) t.v2(); // +U
    if (Features.of(TASKS_V2).isActive()) t.v2(); // +U
  }
}
