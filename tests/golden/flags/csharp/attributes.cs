public class A : Controller {
  [FeatureGate("tasks_v2")]
  [HttpGet("v2")]
  public IActionResult Fresh() {
    return Show(); // +U
  }
  public override void Refresh() {
    Sweep(); // +U
  }
  [Obsolete]
  private void Renew() {
    Sweep(); // +I
  }
  private void Leaky() {
    Sweep(); // +U
  }
  public void Archive() {
    if (flags.IsEnabled("tasks_v2")) {
      Fresh();
      Refresh();
      Renew();
      Leaky();
    }
    timer.Elapsed += Leaky; // +U
  }
}
