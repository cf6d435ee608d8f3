const fresh = isEnabled("tasks_v2"); // +C
let known = isEnabled("tasks_v2"); // +U
class Player extends Base {
  wide = isEnabled("tasks_v2"); // +U
  launch(log: Log, list: boolean[]) {
    begin();
    loud = isEnabled("tasks_v2"); // +U
    this.loud = isEnabled("tasks_v2"); // +U
    log.loud = isEnabled("tasks_v2"); // +U
    list[0] = isEnabled("tasks_v2"); // +U
    window.loud = isEnabled("tasks_v2"); // +U
    ({ loud } = useFlag("tasks_v2")); // +U
    const on = isEnabled("tasks_v2"); // +C
    let late: boolean; // +N
    late = isEnabled("tasks_v2"); // +C
    if (on) { // +C
      renew(); // +C
    } // +N
    if (ready()) {
      let inner = false;
    }
    inner = isEnabled("tasks_v2"); // +U
  }
  resume() {
    show(title);
    const title = isEnabled("tasks_v2"); // +U
  }
}
