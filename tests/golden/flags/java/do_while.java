class A {
  void archive(List<Task> ts) {
    do {
      step(); // +U
    } while (flags.isEnabled("tasks_v2"));
    while (flags.isEnabled("tasks_v2")) {
      step(); // +C
    }
    for (Task t : ts) {
      if (!flags.isEnabled("tasks_v2")) continue;
      t.v2(); // +C
    }
    for (Task t : ts) {
      if (flags.isEnabled("tasks_v2")) continue;
      t.old(); // +U
    }
  }
}
