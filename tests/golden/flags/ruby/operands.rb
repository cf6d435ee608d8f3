def launch(task)
  begin_it
  renew if ready && Flipper.enabled?(:tasks_v2) # +C
  renew if self.ready && @user && Flipper.enabled?(:tasks_v2) # +C
  renew if user != nil && Flipper.enabled?(:tasks_v2) # +C
  renew if Flipper.enabled?(:tasks_v2) && Order.create # +C
  renew if Flipper.enabled?(:tasks_v2, current_user) # +C
  renew if Flipper.enabled?(:tasks_v2, self.user) # +C
  renew if Flipper.enabled?(:tasks_v2, @user) # +C
  renew if Features::Toggle.enabled?(:tasks_v2) # +C
  renew if Order.create && Flipper.enabled?(:tasks_v2) # +U
  renew if task.save && Flipper.enabled?(:tasks_v2) # +U
  renew if self.save && Flipper.enabled?(:tasks_v2) # +U
  renew if save && Flipper.enabled?(:tasks_v2) # +U
  renew if delete_all && Flipper.enabled?(:tasks_v2) # +U
  renew if reload! && Flipper.enabled?(:tasks_v2) # +U
  renew if yield && Flipper.enabled?(:tasks_v2) # +U
  renew if (n += 1) && Flipper.enabled?(:tasks_v2) # +U
  renew if `late` && Flipper.enabled?(:tasks_v2) # +U
  renew if "#{late}" && Flipper.enabled?(:tasks_v2) # +U
  renew if a / b > 0 && Flipper.enabled?(:tasks_v2) # +U
  renew if list[0] && Flipper.enabled?(:tasks_v2) # +U
  renew if (list << 1) && Flipper.enabled?(:tasks_v2) # +U
  renew if Flipper.enabled?(:tasks_v2, Order.create) # +U
  renew if Flipper.enabled?(:tasks_v2, Order.create()) # +U
  renew if Flipper.enabled?(:tasks_v2, order.reload) # +U
  renew if Flipper.enabled?(:tasks_v2, user.enterprises) # +U
  renew if Flipper.enabled?(:tasks_v2, user&.firm) # +U
  renew if Flipper.enabled?(:tasks_v2, save) # +U
  renew if Flipper.enabled?(:tasks_v2, self.reload) # +U
  renew if Flipper.enabled?(:tasks_v2, &late) # +U
  renew if Flipper.enabled?(:tasks_v2, *late) # +U
  renew if Order.create.enabled?(:tasks_v2) # +U
  on = Flipper.enabled?(:tasks_v2, Order.create) # +U
  off = user.firm && Flipper.enabled?(:tasks_v2) # +U
end

def stop
  return unless Flipper.enabled?(:tasks_v2, Order.create) # +U
  renew # +C
end
