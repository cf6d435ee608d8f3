public class A {
  private readonly bool on = flags.IsEnabled("tasks_v2");
  private bool maybe = flags.IsEnabled("tasks_v2");
  private readonly V2 v2 = new V2(); // +U
  private V3 v3; // +N
  public string Title => on ? Fresh() : Stale();
  public int Size { get; set; } = Settings.Size(); // +U
  static A() {
    Registry.Add(new V2()); // +U
  }
  public A(int n) : base(n) {
    if (this.on) {
      v3 = new V3(); // +C
    }
    Prepare(); // +U
  }
  public void Archive(A other) {
    if (maybe) {
      Start(); // +U
    }
    if (other.on) {
      Start(); // +U
    }
  }
  public int Rank {
    get {
      if (!on) return 0;
      return Fresh(); // +C
    }
    set {
      Store(value); // +U
    }
  }
}
