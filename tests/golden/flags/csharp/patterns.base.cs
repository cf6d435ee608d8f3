class A {
  readonly bool on = flags.IsEnabled("tasks_v2");
  void One(object task, object[] list) {
  }
  void Two(object task) {
  }
  void Three(object task) {
    if (task is var on) {
    }
  }
  void Four(object task) {
    switch (task) {
      case bool on when on:
        break;
    }
  }
  void Five(object task) {
    if (task is { Late: bool on }) {
    }
    if (task is Late { Done: true } on) {
    }
  }
  void Six((bool, int) task) {
    var (on, n) = task;
  }
  void Seven(object[] list) {
    if (list is [bool on, ..]) {
    }
  }
  void Eight(object task) {
    Parse(task, out var on);
  }
  void Nine(object task) {
  }
  void Ten() {
    foreach (var (on, n) in list) {
    }
  }
}
