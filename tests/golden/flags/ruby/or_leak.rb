def archive(t)
  t.v2! if Flipper.enabled?(:tasks_v2) || t.staff? # +U
  t.v2! if not Flipper.enabled?(:tasks_v2) # +U
  t.v2! unless !Flipper.enabled?(:tasks_v2) # +C
  if Flipper.enabled?(:tasks_v2) and t.ready?
    t.v2! # +C
  end
  t.v2! if Flipper.enabled?(:tasks_v1) # +U
  t.v2! if t.save && Flipper.enabled?(:tasks_v2) # +U
  t.v2! if Feature.enabled?(:tasks_v2, default_enabled: true) # +X
end
