export function Task(p) {
  const on = useFlag("tasks_v2")
  return <div>
    <Old/>
  </div>
}
