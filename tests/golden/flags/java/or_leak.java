class A {
  void archive(Task t) {
    if (flags.isEnabled("tasks_v2") || t.staff()) t.v2(); // +U
    if (!(flags.isEnabled("tasks_v2") && t.staff())) {
      t.old(); // +U
    } else {
      t.v2(); // +C
    }
    if (owner(t).flags().isEnabled("tasks_v2")) { // +U
      t.v2(); // +C
    }
    if (t instanceof Big big && flags.isEnabled("tasks_v2")) { // +C
      big.v2(); // +C
    }
  }
}
