def archive(t)
  t.v2! if Flipper[:tasks_v2].enabled? # +C
  t.v2! if Flipper[:tasks_v2].enabled?(owner) # +C
  t.v2! if Feature.enabled?(:tasks_v2, project, type: :beta) # +C
  t.v2! if FeatureFlag.enabled?(FeatureFlag::TASKS_V2) # +C
  t.v2! unless Flipper.disabled?(:tasks_v2) # +C
end

def assign(t)
  t.v2! if Flipper[:tasks_v1].enabled? # +U
  t.v2! if Flipper[:tasks_v2].enabled?(load(t)) || t.staff? # +U
  t.v2! if Flipper[:tasks_v2].conditional? # +U
  t.v2! unless Flipper[:tasks_v2].enabled? # +U
  t.v2! if Flipper.enabled?(:tasks_v1, :tasks_v2) # +U
end
