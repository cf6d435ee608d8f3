function go(f, t) {
  if (f.isEnabled("tasks_v2")) {
    t.begin()
  }
  t.v2()  // +U
}
