export function Task(p) {
  const on = useFlag("tasks_v2")
  useEffect(() => {
    if (!on) return
  }, [on])
  useEffect(() => {
  }, [])
  return <div>
    <Old/>
    {p.admin || on && <Admin/>}
  </div>
}
