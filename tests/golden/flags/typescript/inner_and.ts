function can() {
  return isEnabled("tasks_v2") && // +U
    atRoot() && // +C
    modal(); // +C
}
function may() {
  return !isEnabled("tasks_v2") || // +U
    atRoot(); // +C
}
function or() {
  return isEnabled("tasks_v2") || // +U
    atRoot() && // +U
    modal(); // +U
}
can();
