class A {
  void Go(Task t) {
    Run(t.V1()); // +U
  }
}
