public class TasksController : Controller {
  [FeatureGate("tasks_v2")]
  [HttpGet("v2")]
  public async Task<IActionResult> Fresh() {
    return Show(); // +C
  }
  [FeatureGate("tasks_v1")]
  public IActionResult Another() {
    return Show(); // +U
  }
  [FeatureGate(RequirementType.Any, "tasks_v2", "tasks_v1")]
  public IActionResult Either() {
    return Show(); // +U
  }
  [FeatureGate("tasks_v2")]
  public IActionResult Called() {
    return Show(); // +U
  }
  [FeatureGate("tasks_v2")]
  public override void Refresh() {
    Sweep(); // +U
  }
  [FeatureGate("tasks_v2")]
  private void Renew() {
    Sweep(); // +U
  }
  public IActionResult Open() {
    return Called();
  }
}
public class PartsController : Controller, IParts {
  [FeatureGate("tasks_v2")]
  public IActionResult Implemented() {
    return Show(); // +U
  }
}
public class Tasks : Controller {
  [FeatureGate("tasks_v2")]
  public IActionResult NoController() {
    return Show(); // +U
  }
}
[FeatureGate("tasks_v2")]
public class LogsController : ControllerBase {
  public IActionResult List() {
    return Show(); // +C
  }
}
