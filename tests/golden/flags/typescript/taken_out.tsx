export function Task(p) {
  const { tasksV2 } = useFlags()  // +C
  if (tasksV2) v2()  // +C
  return <div>
    <Old/>
  </div>
}
export function Archive(p) {
  const { tasksV2: fresh, other } = useFlags()
  if (fresh) v2()  // +C
  if (other) v2()  // +U
  if (!fresh) return null  // +C
  v3()  // +C
}
export function Assign(p) {
  const { enabled } = useFlag("tasks_v2")  // +C
  const { on } = useFeature("tasks_v2")  // +C
  if (enabled) v2()  // +C
  if (on) v2()  // +C
}
export function Modify(p) {
  const flags = useFlags()
  if (flags.tasksV2) v2()  // +C
  if (flags.tasksV1) v2()  // +U
}
