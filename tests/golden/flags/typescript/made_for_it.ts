function go(f) {
  if (f.isEnabled("tasks_v2", new Context())) {  // +U
    v2()  // +C
  }
}
