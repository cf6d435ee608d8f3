class Tasks
  def fresh(t)
    t.mark! # +I
  end

  def leaky(t)
    t.mark! # +U
  end

  def sent(t)
    t.mark! # +U
  end

  def perform(t)
    t.mark! # +U
  end

  def archive(t)
    if Flipper.enabled?(:tasks_v2)
      fresh(t) # +C
      leaky(t)
      sent(t)
      perform(t)
    end
  end

  def assign(ts)
    ts.each { |t| leaky(t) }
    send(:sent, ts.first)
  end
end
