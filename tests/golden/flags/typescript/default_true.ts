async function go(client) {
  if (await client.getBooleanValue("tasks_v2", true)) {
    v2()  // +X
  }
  if (await client.getBooleanValue("tasks_v2", false)) {
    v3()  // +C
  }
}
