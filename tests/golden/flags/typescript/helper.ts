function v2(t) {
  t.mark()  // +I
}
const v3 = (t) => {
  t.mark()  // +U
}
export function go(f, t) {
  if (f.isEnabled("tasks_v2")) v2(t)
}
