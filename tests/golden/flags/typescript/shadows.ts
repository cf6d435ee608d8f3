function hoisted(f) {
  helper()
  if (!f.isEnabled("tasks_v2")) return
  function helper() {
    v2()  // +U
  }
}
function parameters(f, xs) {
  const on = f.isEnabled("tasks_v2")
  xs.map(on => on ? v2() : 0)  // +U
  xs.map(({on}) => on ? v2() : 0)  // +U
  do {
    v2()  // +U
  } while (f.isEnabled("tasks_v2"))
  if ([f.isEnabled("tasks_v2")]) {
    v2()  // +U
  }
}
function missing(f) {
  if (f?.isEnabled("tasks_v2") !== false) {
    v2()  // +U
  }
  if (f?.isEnabled("tasks_v2") === true) {
    v2()  // +C
  }
}
function fallback(f) {
  if (f.isEnabled("tasks_v2", {}, true)) {
    v2()  // +X
  }
}
