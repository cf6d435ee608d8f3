function go(f, force) {
  let on = f.isEnabled("tasks_v2")
  if (force) on = true
  if (on) {
    v2()  // +U
  }
}
