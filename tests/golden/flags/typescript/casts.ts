export function archive(t: Task, all: unknown) {
  const tasks = all as Task[]  // +N
  const kinds = { a: 1 } satisfies Kinds  // +N
  t.owner!.notify(t.kind as Kind)  // +N
  t.begin(all as Task)  // +U
}
