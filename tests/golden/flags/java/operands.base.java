class A {
  void launch() {
    begin();
  }
}
