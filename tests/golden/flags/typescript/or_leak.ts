function go(f, t) {
  if (f.isEnabled("tasks_v2") || t.admin) {
    v2(t)  // +U
  }
  f.isEnabled("tasks_v2") || v3(t)  // +U
  f.isEnabled("tasks_v2") && v4(t)  // +C
}
