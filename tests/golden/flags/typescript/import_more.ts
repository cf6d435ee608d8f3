import { Flags, Task } from "./types"  // +C
import { old, fresh } from "./tasks"  // +C
import { Kind, kindOf } from "./kinds"  // +U
import { later } from "./later"  // +U

export function archive(flags: Flags, t: Task, k: Kind) {
  old(t)
  if (flags.isEnabled("tasks_v2")) {
    fresh(t)  // +C
    kindOf(k)  // +C
  }
}
