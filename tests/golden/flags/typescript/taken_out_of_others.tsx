export function State(p) {
  const [tasksV2] = useState(true)
  if (tasksV2) v2()  // +U
}
export function Properties({ tasksV2 }) {
  if (tasksV2) v2()  // +U
}
export function Default(p) {
  const { tasksV2 = true } = useFlags()
  if (tasksV2) v2()  // +U
}
export function Another(p) {
  const { tasksV2 } = useSettings()
  if (tasksV2) v2()  // +U
  const { enabled } = useFlag("tasks_v1")
  if (enabled) v2()  // +U
  const { value } = useFlag("tasks_v2")
  if (value) v2()  // +U
}
export function Listed(p) {
  const { tasksV2 } = useFlags(["tasks_v2"])
  if (tasksV2) v2()  // +U
}
export function Nested(p) {
  const { data: { tasksV2 } } = useFlags()
  if (tasksV2) v2()  // +U
  const { tasksV1: tasksV2b, ...rest } = useFlags()
  if (rest.tasksV2) v2()  // +U
}
export function Reassigned(p) {
  let { tasksV2 } = useFlags()
  if (p.force) tasksV2 = true
  if (tasksV2) v2()  // +U
}
export function Shadowed(p) {
  const { tasksV2 } = useFlags()
  p.all.map(({ tasksV2 }) => tasksV2 && v2())  // +U
  const on = useFlag("tasks_v2")
  p.all.map(({ enabled: on }) => {
    if (on) {
      v2()  // +U
    }
  })
  const flags = useFlags()
  p.all.map((flags) => flags.tasksV2 && v2())  // +U
}
