class A {
  int rank(Task t) {
    return flags.isEnabled("tasks_v2")
        ? t.v2() // +C
        : t.old(); // +U
  }
}
