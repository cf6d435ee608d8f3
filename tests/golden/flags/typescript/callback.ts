function go(f, bus) {
  if (f.isEnabled("tasks_v2")) {
    bus.on("task", (t) => {
      v2(t)  // +C
    })
  }
  bus.on("task", (t) => {
    v3(t)  // +U
  })
}
