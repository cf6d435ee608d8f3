function go(f, t) {
  if (!f.isEnabled("tasks_v2")) {
    v2(t)  // +U
  } else {
    v3(t)  // +C
  }
}
