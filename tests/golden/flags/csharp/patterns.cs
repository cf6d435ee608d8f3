class A {
  readonly bool on = flags.IsEnabled("tasks_v2");
  void One(object task, object[] list) {
    if (on) Renew(); // +C
  }
  void Two(object task) {
    if (task is bool on && on) Renew(); // +U
  }
  void Three(object task) {
    if (task is var on) {
      if (on) Renew(); // +U
    }
  }
  void Four(object task) {
    switch (task) {
      case bool on when on:
        if (on) Renew(); // +U
        break;
    }
  }
  void Five(object task) {
    if (task is { Late: bool on }) {
      if (on) Renew(); // +U
    }
    if (task is Late { Done: true } on) {
      if (on) Renew(); // +U
    }
  }
  void Six((bool, int) task) {
    var (on, n) = task;
    if (on) Renew(); // +U
  }
  void Seven(object[] list) {
    if (list is [bool on, ..]) {
      if (on) Renew(); // +U
    }
  }
  void Eight(object task) {
    Parse(task, out var on);
    if (on) Renew(); // +U
  }
  void Nine(object task) {
    var late = task switch { bool on => on && Renew(), _ => false }; // +U
  }
  void Ten() {
    foreach (var (on, n) in list) {
      if (on) Renew(); // +U
    }
  }
}
