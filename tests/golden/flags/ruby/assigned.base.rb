
class Player < Base

  def launch(log, list)
    begin_it
  end

  def resume
    render title
    render title
  end
end
