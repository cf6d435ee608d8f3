get "/r", to: "jobs#flush"
class ReportsController < ApplicationController
  def export
    start
    renew # +U
  end

  def list
    export if Flipper.enabled?(:tasks_v2)
    mine if Flipper.enabled?(:tasks_v2)
  end

  private

  def mine
    start
    renew # +I
  end
end

class Jobs
  def flush
    start
    renew # +U
  end

  def list
    flush if Flipper.enabled?(:tasks_v2)
  end
end
