def one(list)
  on = Flipper.enabled?(:tasks_v2)
  case list
  in [on, *]
  end
end

def two(list)
  on = Flipper.enabled?(:tasks_v2)
  case list
  in {on:}
  end
end

def three(list)
  on = Flipper.enabled?(:tasks_v2)
  list => [Integer, [on]]
end

def four(list)
  on = Flipper.enabled?(:tasks_v2)
end

def five(list)
  on = Flipper.enabled?(:tasks_v2)
  case list
  in Integer => on
  in Point(on, 1)
  in on
  end
end

def six(text)
  on = Flipper.enabled?(:tasks_v2)
  if /(?<on>late)/ =~ text
  end
end

def seven(list)
  on = Flipper.enabled?(:tasks_v2)
  case list
  in [late, *]
  in {on: 1}
  end
end

def eight(list)
  on = Flipper.enabled?(:tasks_v2)
  list => on
end

def nine(list)
  on = Flipper.enabled?(:tasks_v2)
  case list
  in [*, 3, *on]
  in {name:, **on}
  end
end
