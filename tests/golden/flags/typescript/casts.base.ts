export function archive(t: Task, all: unknown) {
  const tasks = all
  const kinds = { a: 1 }
  t.owner.notify(t.kind)
}
