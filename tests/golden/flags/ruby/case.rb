def archive(t)
  case
  when Flipper.enabled?(:tasks_v2)
    t.v2! # +C
  else
    t.old! # +U
  end
  case
  when t.late?, Flipper.enabled?(:tasks_v2)
    t.v2! # +U
  when !Flipper.enabled?(:tasks_v2)
    t.old! # +U
  else
    t.v3! # +C
  end
  case t.kind
  when Flipper.enabled?(:tasks_v2)
    t.v2! # +U
  end
  t.rank = Flipper.enabled?(:tasks_v2) ? 1 : 2
end
