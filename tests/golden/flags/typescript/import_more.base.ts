import { Task } from "./types"
import { old } from "./tasks"
import { Kind } from "./kinds"

export function archive(flags: Flags, t: Task, k: Kind) {
  old(t)
  if (flags.isEnabled("tasks_v2")) {
  }
}
