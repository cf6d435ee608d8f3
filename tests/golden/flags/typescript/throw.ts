function go(f, t) {
  if (!f.isEnabled("tasks_v2")) throw new Error("off")
  t.v2()  // +C
}
