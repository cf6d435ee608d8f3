function go(t) {
  run(t.v1)
  t.v2()
}
