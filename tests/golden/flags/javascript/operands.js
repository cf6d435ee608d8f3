export async function* launch() {
  begin();
  if (ready && isEnabled("tasks_v2")) renew(); // +C
  if (user !== null && isEnabled("tasks_v2")) renew(); // +C
  if (user?.active && !this.done && isEnabled("tasks_v2")) renew(); // +C
  if (await isEnabled("tasks_v2")) renew(); // +C
  if (isEnabled("tasks_v2") && n++ > 0) renew(); // +C
  if (isEnabled("tasks_v2", { id: user })) renew(); // +C
  if (user.active && isEnabled("tasks_v2")) renew(); // +U
  if (n++ > 0 && isEnabled("tasks_v2")) renew(); // +U
  if (await late && isEnabled("tasks_v2")) renew(); // +U
  if ((yield late) && isEnabled("tasks_v2")) renew(); // +U
  if ((yield) && isEnabled("tasks_v2")) renew(); // +U
  if (delete task.late && isEnabled("tasks_v2")) renew(); // +U
  if (void late && isEnabled("tasks_v2")) renew(); // +U
  if (list[0] && isEnabled("tasks_v2")) renew(); // +U
  if ("id" in task && isEnabled("tasks_v2")) renew(); // +U
  if (task instanceof Late && isEnabled("tasks_v2")) renew(); // +U
  if (a / b > 0 && isEnabled("tasks_v2")) renew(); // +U
  if (new Late && isEnabled("tasks_v2")) renew(); // +U
  if (`${late()}` && isEnabled("tasks_v2")) renew(); // +U
  if (tag`late` && isEnabled("tasks_v2")) renew(); // +U
  if ((late, ready) && isEnabled("tasks_v2")) renew(); // +U
  if (isEnabled("tasks_v2") == late()) renew(); // +U
  if (isEnabled("tasks_v2", await late)) renew(); // +U
  if (isEnabled("tasks_v2", ...late)) renew(); // +U
  if (isEnabled("tasks_v2", delete task.late)) renew(); // +U
  const on = delete task.late && isEnabled("tasks_v2"); // +U
  const off = (await late) && isEnabled("tasks_v2"); // +U
}
