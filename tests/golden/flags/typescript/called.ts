function go(t) {
  run(t.v1())  // +U
  t.v2
}  // +R
