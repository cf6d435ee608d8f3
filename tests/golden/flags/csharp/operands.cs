class A {
  async Task Launch() {
    Begin();
    if (ready && flags.IsEnabled("tasks_v2")) Renew(); // +C
    if (user != null && flags.IsEnabled("tasks_v2")) Renew(); // +C
    if ((user is null) && flags.IsEnabled("tasks_v2")) Renew(); // +C
    if ((user is not null) && flags.IsEnabled("tasks_v2")) Renew(); // +C
    if (user?.Active == true && flags.IsEnabled("tasks_v2")) Renew(); // +C
    if (await flags.IsEnabledAsync("tasks_v2")) Renew(); // +C
    if (!this.done && await flags.IsEnabledAsync("tasks_v2")) Renew(); // +C
    if (user.Active && flags.IsEnabled("tasks_v2")) Renew(); // +U
    if (n++ > 0 && flags.IsEnabled("tasks_v2")) Renew(); // +U
    if (await Late && flags.IsEnabled("tasks_v2")) Renew(); // +U
    if ((bool)task && flags.IsEnabled("tasks_v2")) Renew(); // +U
    if (a / b > 0 && flags.IsEnabled("tasks_v2")) Renew(); // +U
    if (list[0] && flags.IsEnabled("tasks_v2")) Renew(); // +U
    if ((n = 3) > 0 && flags.IsEnabled("tasks_v2")) Renew(); // +U
    if ((task ?? throw new Gone()) == a && flags.IsEnabled("tasks_v2")) Renew(); // +U
    if (new Late().Done && flags.IsEnabled("tasks_v2")) Renew(); // +U
    if (flags.IsEnabled("tasks_v2", (User)task)) Renew(); // +U
    if (flags.IsEnabled("tasks_v2", await Late)) Renew(); // +U
    var on = await Late && flags.IsEnabled("tasks_v2"); // +U
  }
}
