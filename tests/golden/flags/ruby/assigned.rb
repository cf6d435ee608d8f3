KNOWN = Flipper.enabled?(:tasks_v2) # +U

class Player < Base
  LOUD = Flipper.enabled?(:tasks_v2) # +U

  def launch(log, list)
    begin_it
    @loud = Flipper.enabled?(:tasks_v2) # +U
    @loud ||= Flipper.enabled?(:tasks_v2) # +U
    @@loud = Flipper.enabled?(:tasks_v2) # +U
    $loud = Flipper.enabled?(:tasks_v2) # +U
    self.loud = Flipper.enabled?(:tasks_v2) # +U
    log.loud = Flipper.enabled?(:tasks_v2) # +U
    list[0] = Flipper.enabled?(:tasks_v2) # +U
    on, @loud = Flipper.enabled?(:tasks_v2), 1 # +U
    late = Flipper.enabled?(:tasks_v2) # +C
    renew if late # +C
  end

  def resume
    render title
    title = Flipper.enabled?(:tasks_v2) # +U
    render title
  end
end
