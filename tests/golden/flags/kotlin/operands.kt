fun launch() {
    begin()
    if (ready && flags.isEnabled("tasks_v2")) renew() // +C
    if (user != null && flags.isEnabled("tasks_v2")) renew() // +C
    if (user.active && !this.done && flags.isEnabled("tasks_v2")) renew() // +C
    if (task is Late && flags.isEnabled("tasks_v2")) renew() // +C
    if (flags.isEnabled("tasks_v2") && n++ > 0) renew() // +C
    if (n++ > 0 && flags.isEnabled("tasks_v2")) renew() // +U
    if (--n > 0 && flags.isEnabled("tasks_v2")) renew() // +U
    if (user!! && flags.isEnabled("tasks_v2")) renew() // +U
    if (user!!.active && flags.isEnabled("tasks_v2")) renew() // +U
    if (task as Boolean && flags.isEnabled("tasks_v2")) renew() // +U
    if (a / b > 0 && flags.isEnabled("tasks_v2")) renew() // +U
    if (a % b == 0 && flags.isEnabled("tasks_v2")) renew() // +U
    if (list[0] && flags.isEnabled("tasks_v2")) renew() // +U
    if ((task ?: throw Gone) == a && flags.isEnabled("tasks_v2")) renew() // +U
    if (task in list && flags.isEnabled("tasks_v2")) renew() // +U
    if (a foo b && flags.isEnabled("tasks_v2")) renew() // +U
    if (flags.isEnabled("tasks_v2", user!!)) renew() // +U
    if (flags.isEnabled("tasks_v2", list[0])) renew() // +U
    val on = n++ > 0 && flags.isEnabled("tasks_v2") // +U
}
