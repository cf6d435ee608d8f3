public class ReportsController : Controller {
  public View Index() {
    if (flags.IsEnabled("tasks_v2")) {
      Mine();
      Export();
    }
    return View();
  }
  public View Export() {
    Begin();
    Renew(); // +U
    return View();
  }
  private void Mine() {
    Begin();
    Renew(); // +I
  }
}
