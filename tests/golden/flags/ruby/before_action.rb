class TasksController < ApplicationController
  before_action :require_flag

  def index
    @tasks = Task.fresh # +C
    @tasks.each { |task| task.index } # +C
  end

  def create
    Task.create(kind: :v2) # +C
    other # +C
  end

  def other
    Task.sweep # +U
  end

  private

  def require_flag
    head :not_found unless Flipper.enabled?(:tasks_v2)
  end
end

class PartsController < ApplicationController
  before_action :require_parts, only: %i[renew]
  before_action :require_more, only: [:show, :edit]
  before_action :require_one, only: :destroy
  before_action :require_some, except: [:index]

  def show
    Part.fresh # +C
  end

  def destroy
    Part.sweep # +C
  end

  def renew
    Part.fresh # +U
  end

  def update
    Part.fresh # +U
  end

  def edit
    Part.fresh # +U
  end

  def later
    edit
  end

  def require_parts
    redirect_to(root_path) unless Flipper.enabled?(:tasks_v2)
  end

  def require_more
    if !Flipper.enabled?(:tasks_v2)
      render plain: "off"
    end
  end

  def require_one
    raise Off unless Flipper.enabled?(:tasks_v2)
  end

  def require_some
    head :not_found unless Flipper.enabled?(:tasks_v2)
  end
end
