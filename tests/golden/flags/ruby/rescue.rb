def archive(t)
  return unless Flipper.enabled?(:tasks_v2) # +C
  t.v2! # +C
rescue Failed => e
  t.old! # +U
ensure
  t.audit # +U
end

def assign(t)
  begin
    raise Off unless Flipper.enabled?(:tasks_v2)
    t.v2! # +C
  rescue Off
    t.old! # +U
  else
    t.done! # +C
  ensure
    t.audit # +U
  end
  t.touch # +U
end
