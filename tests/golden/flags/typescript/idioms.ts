export function archive(t: Task) {
  if (useFeatureFlagEnabled("tasks_v2")) t.v2()  // +C
  if (useFlags().tasksV2) t.v2()  // +C
  if (useFeature("tasks_v2").on) t.v2()  // +C
  if (!useFeature("tasks_v2").off) t.v2()  // +C
  if (FeatureFlag.TASKS_V2.isEnabled()) t.v2()  // +C
  if (client.variation("tasks_v2", context, false)) t.v2()  // +C
}

export function assign(t: Task) {
  if (useFeatureFlagEnabled("tasks_v1")) t.v2()  // +U
  if (useFlags().tasksV1) t.v2()  // +U
  if (useFlags("tasks_v2").tasksV1) t.v2()  // +U
  if (useFeature("tasks_v2").off) t.v2()  // +U
  if (useFeature("tasks_v2").value) t.v2()  // +U
  if (FeatureFlag.TASKS_V2.isEnabled(true)) t.v2()  // +U
  if (FeatureFlag.TASKS_V2.isKnown()) t.v2()  // +U
  if (client.variation("tasks_v2", context, true)) t.v2()  // +U
}
