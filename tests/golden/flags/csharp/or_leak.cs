public class A {
  public void Archive(Item t) {
    if (flags.IsEnabled("tasks_v2") || t.Staff) t.V2(); // +U
    if (flags.IsEnabled("tasks_v2") && t.Item is Big || t.Staff) {
      t.V2(); // +U
    }
    if (flags.IsEnabled("tasks_v2") && t.Item is Big big) {
      t.V2(big); // +C
    }
    if (!flags.IsEnabled("tasks_v2")) {
      t.Old(); // +U
    }
    if (flags?.IsEnabled("tasks_v2") == true) {
      t.V2(); // +C
    }
    if (flags?.IsEnabled("tasks_v2") != false) {
      t.V2(); // +U
    }
    if (Make(t).IsEnabled("tasks_v2")) { // +U
      t.V2(); // +C
    }
  }
}
