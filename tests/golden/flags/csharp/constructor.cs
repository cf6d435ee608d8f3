public class Engine {
  public Engine() {
    Warm(); // +U
  }
  public static void Reset() {
    Sweep(); // +I
  }
}
public class A {
  public void Archive() {
    if (flags.IsEnabled("tasks_v2")) {
      Engine.Reset();
    }
  }
  public void Assign() {
    var engine = new Engine();
  }
}
