class A {
  async Task Launch() {
    Begin();
  }
}
