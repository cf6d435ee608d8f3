export function Task(p) {
  const on = useFlag("tasks_v2")
  useEffect(() => {
    if (!on) return
    load(p.id)  // +C
  }, [on])
  useEffect(() => {
    track(p.id)  // +U
  }, [])
  return <div>
    {on ? <ArchiveV2 id={p.id} />  /* +C */
      : <Old/>}
    {p.admin || on && <Admin/>}
  </div>
}
