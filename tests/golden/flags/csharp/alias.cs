public class A {
  public void Archive(Item t) {
    var on = flags.IsEnabled("tasks_v2");
    if (!on) return;
    t.V2(); // +C
    items.ForEach(x => {
      if (on) x.V2(); // +C
    });
  }
  public void Assign(Item t, bool force) {
    var on = flags.IsEnabled("tasks_v2");
    on |= force;
    if (on) t.V2(); // +U
    var sure = flags.IsEnabled("tasks_v2");
    Change(ref sure);
    if (sure) t.V2(); // +U
  }
  public void Modify(Item t, List<bool> all) {
    var on = flags.IsEnabled("tasks_v2");
    all.ForEach(on => {
      if (on) t.V2(); // +U
    });
  }
  public void Create(Item t, List<bool> all) {
    bool on = flags.IsEnabled("tasks_v2");
    foreach (var each in all) {
      if (each) t.V2(); // +U
      if (!on) continue;
      t.V2(); // +C
    }
    var late = client.BoolVariation("tasks_v2", user, true);
    if (late) {
      t.V2(); // +X
    }
  }
}
