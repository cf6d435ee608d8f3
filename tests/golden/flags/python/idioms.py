def archive(t):
    if FeatureFlag.TASKS_V2.is_enabled():
        t.v2()  # +C
    if FeatureFlag.TASKS_V2.enabled(t.owner):
        t.v2()  # +C
    if posthog.feature_enabled("tasks_v2", t.owner):
        t.v2()  # +C
    if not growthbook.is_off("tasks_v2"):
        t.v2()  # +C

def assign(t):
    if FeatureFlag.TASKS_V1.is_enabled():
        t.v2()  # +U
    if FeatureFlag.TASKS_V2.is_known():
        t.v2()  # +U
    if not FeatureFlag.TASKS_V2.is_enabled():
        t.v2()  # +U
    if growthbook.is_off("tasks_v2"):
        t.v2()  # +U
