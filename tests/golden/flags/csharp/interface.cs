interface IStore {
  void LoadAll();
  void Drop();
}
class Store : IStore {
  public void LoadAll() {
    Renew(); // +I
  }
  public void Drop() {
    Renew(); // +U
  }
}
class A {
  void Run(IStore store, IOther other) {
    if (flags.IsEnabled("tasks_v2")) {
      store.LoadAll(); // +C
      store.Drop(); // +C
    }
    other.Drop();
  }
}
