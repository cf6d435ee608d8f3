class A {
  void go(Task t) {
    run(v1());  // +U
  }
}
