public class Player : Base {
  public bool Loud { get; set; } = true;
  private readonly bool fresh = flags.IsEnabled("tasks_v2"); // +C
  protected readonly bool known = flags.IsEnabled("tasks_v2"); // +U
  public void Launch(Log log, bool[] list) {
    Begin();
    Loud = flags.IsEnabled("tasks_v2"); // +U
    Inherited = flags.IsEnabled("tasks_v2"); // +U
    this.Loud = flags.IsEnabled("tasks_v2"); // +U
    log.Loud = flags.IsEnabled("tasks_v2"); // +U
    list[0] = flags.IsEnabled("tasks_v2"); // +U
    var on = flags.IsEnabled("tasks_v2"); // +C
    bool late; // +N
    late = flags.IsEnabled("tasks_v2"); // +C
    var off = Inherited = flags.IsEnabled("tasks_v2"); // +U
    if (on) { // +C
      Renew(); // +C
    } // +N
  }
  public void Resume() {
    Show(title);
    var title = flags.IsEnabled("tasks_v2"); // +U
  }
}
