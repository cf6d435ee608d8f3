class A {
  void archive(Task t) {
    try (Lock lock = t.lock()) {
      if (!flags.isEnabled("tasks_v2")) throw new Off();
      t.v2(); // +C
    } catch (Off e) {
      t.old(); // +U
    } finally {
      t.audit(); // +U
    }
  }
}
