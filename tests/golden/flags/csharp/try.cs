public class A {
  public void Archive(Item t) {
    try {
      if (!flags.IsEnabled("tasks_v2")) throw new Off();
      t.V2(); // +C
    } catch (Off e) when (t.Late) {
      t.Old(); // +U
    } finally {
      t.Audit(); // +U
    }
    do {
      Step(); // +U
    } while (flags.IsEnabled("tasks_v2"));
    lock (this) {
      if (t.Done) return;
      else if (!flags.IsEnabled("tasks_v2")) return;
      t.V2(); // +C
    }
    t.Touch(); // +U
  }
}
