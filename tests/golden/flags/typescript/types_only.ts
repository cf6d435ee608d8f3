import { Task } from "./task"
interface Archive {  // +N
  deep: boolean  // +N
}
type Result = Archive | null  // +N
function go(t: Task): Result {
  return t.v1()
}
