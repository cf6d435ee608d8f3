def archive(t)
  abort unless Flipper.enabled?(:tasks_v2)
  t.v2! # +U
end

def assign(t)
  raise Off unless Flipper.enabled?(:tasks_v2)
  t.v2! # +C
end
