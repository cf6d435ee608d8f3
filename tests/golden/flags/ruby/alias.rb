def archive(t)
  on = Flipper.enabled?(:tasks_v2, t.owner)
  t.v2! if on # +C
  tasks.each do |x|
    next unless on # +C
    x.v2! # +C
  end
  tasks.each { |y| y.v2! if on || y.late? } # +U
end

def assign(t, force)
  on = Flipper.enabled?(:tasks_v2)
  on ||= force
  t.v2! if on # +U
end

def modify(t, flags)
  on = Flipper.enabled?(:tasks_v2)
  flags.each do |on|
    t.v2! if on # +U
  end
end

def create(t)
  @on = Flipper.enabled?(:tasks_v2)
  refresh
  t.v2! if @on # +U
end
