class Player extends Base {
  private final boolean fresh = flags.isEnabled("tasks_v2"); // +C
  boolean known = flags.isEnabled("tasks_v2"); // +U
  void launch(Log log, boolean[] list) {
    begin();
    loud = flags.isEnabled("tasks_v2"); // +U
    this.loud = flags.isEnabled("tasks_v2"); // +U
    log.loud = flags.isEnabled("tasks_v2"); // +U
    Log.loud = flags.isEnabled("tasks_v2"); // +U
    list[0] = flags.isEnabled("tasks_v2"); // +U
    boolean on = flags.isEnabled("tasks_v2"); // +C
    boolean late; // +N
    late = flags.isEnabled("tasks_v2"); // +C
    if (on && late) { // +C
      renew(); // +C
    } // +N
    if (ready()) {
      boolean inner;
    }
    inner = flags.isEnabled("tasks_v2"); // +U
    use(new Base() {
      boolean wide = flags.isEnabled("tasks_v2"); // +U
    });
  }
}
