class TasksController < ApplicationController
  before_action :require_flag
  skip_before_action :require_flag, only: :index

  def index
    Task.v2! # +U
  end

  def require_flag
    head :not_found unless Flipper.enabled?(:tasks_v2)
  end
end
