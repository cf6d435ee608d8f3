public class A {
  public void Archive(Item t) {
    if (FeatureFlags.TasksV2.IsEnabled()) t.V2(); // +C
    if (flags.TasksV2.Enabled) t.V2(); // +C
    if (_featureService.IsEnabled(FeatureFlagKeys.TasksV2)) t.V2(); // +C
    if (!flags.TasksV2.Enabled) return; // +C
    t.V3(); // +C
  }
  public void Assign(Item t) {
    if (FeatureFlags.TasksV1.IsEnabled()) t.V2(); // +U
    if (flags.TasksV2.Known) t.V2(); // +U
    if (!flags.TasksV2.Enabled) t.V2(); // +U
    if (_featureService.IsEnabled(FeatureFlagKeys.TasksV1)) t.V2(); // +U
  }
}
