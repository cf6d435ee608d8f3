function go(flags, t) {
  if (flags?.isEnabled("tasks_v2")) {
    t.v2()  // +C
  }
  do {
    t.v3()  // +U
  } while (flags.isEnabled("tasks_v2"))
}
