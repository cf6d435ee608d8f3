class A {
  void archive(Task t) {
    switch (t.kind()) {
      case NEW:
        if (!flags.isEnabled("tasks_v2")) break;
        t.v2(); // +C
      case OLD:
        t.v3(); // +U
        break;
      default:
        t.old(); // +U
    }
  }
  int rank(Task t) {
    return switch (t.kind()) {
      case OLD -> t.rank();
      case NEW -> t.renewed(); // +U
      default -> 0;
    };
  }
}
