class LogsController < ApplicationController
  before_action :log_a
  def fresh_logs
    Task.v2! # +U
  end

  def log_a
    logger.info "off" unless Flipper.enabled?(:tasks_v2)
  end
end

class TurnedController < ApplicationController
  before_action :ask_b
  def fresh_turned
    Task.v2! # +U
  end

  def ask_b
    head :not_found if Flipper.enabled?(:tasks_v2)
  end
end

class EitherController < ApplicationController
  before_action :ask_c
  def fresh_either
    Task.v2! # +U
  end

  def ask_c
    head :not_found unless Flipper.enabled?(:tasks_v2) || admin?
  end
end

class AskedController < ApplicationController
  before_action :ask_d, if: :admin?
  def fresh_asked
    Task.v2! # +U
  end

  def ask_d
    head :not_found unless Flipper.enabled?(:tasks_v2)
  end
end

class TwiceController < ApplicationController
  before_action :ask_e
  before_action :ask_e, only: :index
  def fresh_twice
    Task.v2! # +U
  end

  def ask_e
    head :not_found unless Flipper.enabled?(:tasks_v2)
  end
end

class AfterController < ApplicationController
  after_action :ask_f
  def fresh_after
    Task.v2! # +U
  end

  def ask_f
    head :not_found unless Flipper.enabled?(:tasks_v2)
  end
end

class LaterController < ApplicationController
  before_action :ask_g
  def fresh_later
    Task.v2! # +U
  end

  def ask_g
    return if admin?
    head :not_found unless Flipper.enabled?(:tasks_v2)
  end
end

class DefinedController < ApplicationController
  before_action :ask_h
  def fresh_defined
    Task.v2! # +U
  end

  def ask_h
    head :not_found unless Flipper.enabled?(:tasks_v2)
  end
  def ask_h
    true
  end
end

class SomewhereController < ApplicationController
  before_action(:ask_i) { |c| c.ok }
  def fresh_somewhere
    Task.v2! # +U
  end

  def ask_i
    head :not_found unless Flipper.enabled?(:tasks_v2)
  end
end

class MaybeController < ApplicationController
  before_action :ask_j if Rails.env.test?
  def fresh_maybe
    Task.v2! # +U
  end

  def ask_j
    head :not_found unless Flipper.enabled?(:tasks_v2)
  end
end

class SentController < ApplicationController
  before_action :ask_k
  def fresh_sent
    Task.v2! # +U
  end

  before_action :fresh_sent

  def ask_k
    head :not_found unless Flipper.enabled?(:tasks_v2)
  end
end

class CalledController < ApplicationController
  before_action :ask_l, only: :fresh_called
  def fresh_called
    Task.v2! # +U
  end

  def index
    self.fresh_called
  end

  def ask_l
    head :not_found unless Flipper.enabled?(:tasks_v2)
  end
end

