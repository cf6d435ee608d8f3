import { Old } from "./old"
import type { Task } from "./task"  // +N
import { type Kind } from "./kind"  // +U

export class Tasks {
  private flags: Flags  // +N
  readonly on = this.flags.isEnabled("tasks_v2")
  private late = this.flags.isEnabled("tasks_v2")
  private kind = new Kind()  // +U
  archive(t: Task): void {
    if (this.on) {
      t.v2()  // +C
    }
    if (this.late) {
      t.v2()  // +U
    }
  }
}
