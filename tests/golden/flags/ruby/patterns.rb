def one(list)
  on = Flipper.enabled?(:tasks_v2)
  case list
  in [on, *]
    renew if on # +U
  end
end

def two(list)
  on = Flipper.enabled?(:tasks_v2)
  case list
  in {on:}
    renew if on # +U
  end
end

def three(list)
  on = Flipper.enabled?(:tasks_v2)
  list => [Integer, [on]]
  renew if on # +U
end

def four(list)
  on = Flipper.enabled?(:tasks_v2)
  renew if list in {name: String => on} # +U
  renew if on # +U
end

def five(list)
  on = Flipper.enabled?(:tasks_v2)
  case list
  in Integer => on
    renew if on # +U
  in Point(on, 1)
    renew if on # +U
  in on
    renew if on # +U
  end
end

def six(text)
  on = Flipper.enabled?(:tasks_v2)
  if /(?<on>late)/ =~ text
    renew if on # +U
  end
end

def seven(list)
  on = Flipper.enabled?(:tasks_v2)
  case list
  in [late, *]
    renew if on # +C
  in {on: 1}
    renew # +U
  end
end

def eight(list)
  on = Flipper.enabled?(:tasks_v2)
  list => on
  renew if on # +U
end

def nine(list)
  on = Flipper.enabled?(:tasks_v2)
  case list
  in [*, 3, *on]
    renew if on # +U
  in {name:, **on}
    renew if on # +U
  end
end
