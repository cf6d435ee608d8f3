public class A {
  public void Archive(Item t) {
    switch (t.Kind) {
      case Kind.New when flags.IsEnabled("tasks_v2"):
        t.V2(); // +U
        break;
      case Kind.Old:
        if (!flags.IsEnabled("tasks_v2")) break;
        t.V2(); // +C
        break;
      default:
        t.Old(); // +U
        break;
    }
  }
  public void Assign(Item t) {
    Helper();
    if (!flags.IsEnabled("tasks_v2")) return;
    t.V2(); // +C
    void Helper() {
      t.V2(); // +U
    }
  }
}
