def archive(ts)
  while Flipper.enabled?(:tasks_v2)
    step # +C
  end
  begin
    step # +U
  end while Flipper.enabled?(:tasks_v2)
  until Flipper.enabled?(:tasks_v2)
    wait # +U
  end
  ts.each do |t|
    next if Flipper.enabled?(:tasks_v2)
    t.old! # +U
  end
  ts.map(&:touch) # +U
end
