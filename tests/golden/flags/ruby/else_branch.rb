def archive(t)
  if Flipper.enabled?(:tasks_v2)
    t.v2! # +C
  elsif t.late?
    t.late! # +U
  else
    t.old! # +U
  end
  if t.done?
    t.touch # +U
  elsif Flipper.enabled?(:tasks_v2)
    t.v2! # +C
  end
  unless Flipper.enabled?(:tasks_v2)
    t.old! # +U
  else
    t.v2! # +C
  end
end
