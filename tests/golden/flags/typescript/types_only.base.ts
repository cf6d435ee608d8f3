import { Task } from "./task"
function go(t) {
  return t.v1()
}
