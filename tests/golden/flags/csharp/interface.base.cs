interface IStore {
  void LoadAll();
  void Drop();
}
class Store : IStore {
  public void LoadAll() {
  }
  public void Drop() {
  }
}
class A {
  void Run(IStore store, IOther other) {
    if (flags.IsEnabled("tasks_v2")) {
    }
    other.Drop();
  }
}
