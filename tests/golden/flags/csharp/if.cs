using NewKit; // +N
namespace Tasks;

public class A {
  public async Task Archive(Item t) {
    if (await _features.IsEnabledAsync(nameof(Feature.tasks_v2))) {
      t.V2(); // +C
    } else {
      t.Old(); // +U
    }
    t.Save(); // +U
    if (await _features.IsEnabledAsync("tasks_v1")) {
      t.V2(); // +U
    }
    var title = client.BoolVariation("tasks_v2", user, false)
        ? t.Fresh() // +C
        : t.Stale(); // +U
  }
}
