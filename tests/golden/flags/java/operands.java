class A {
  void launch() {
    begin();
    if (ready && flags.isEnabled("tasks_v2")) renew(); // +C
    if (user != null && flags.isEnabled("tasks_v2")) renew(); // +C
    if (!this.done && state == State.LATE && flags.isEnabled("tasks_v2")) renew(); // +C
    if (task instanceof Late && flags.isEnabled("tasks_v2")) renew(); // +C
    if (flags.isEnabled("tasks_v2") && n++ > 0) renew(); // +C
    if (n++ > 0 && flags.isEnabled("tasks_v2")) renew(); // +U
    if (user.active && flags.isEnabled("tasks_v2")) renew(); // +U
    if ((Boolean) task && flags.isEnabled("tasks_v2")) renew(); // +U
    if (a / b > 0 && flags.isEnabled("tasks_v2")) renew(); // +U
    if (a % b == 0 && flags.isEnabled("tasks_v2")) renew(); // +U
    if (list[0] && flags.isEnabled("tasks_v2")) renew(); // +U
    if ((n = 2) > 0 && flags.isEnabled("tasks_v2")) renew(); // +U
    if (new Late().done && flags.isEnabled("tasks_v2")) renew(); // +U
    if (flags.isEnabled("tasks_v2", (User) task)) renew(); // +U
    if (flags.isEnabled("tasks_v2", n++)) renew(); // +U
    boolean on = a / b > 0 && flags.isEnabled("tasks_v2"); // +U
  }
}
