def launch(task)
  begin_it
end

def stop
end
