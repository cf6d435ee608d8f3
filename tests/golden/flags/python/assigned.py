KNOWN = is_enabled("tasks_v2")  # +U


class Player(Base):
    wide = is_enabled("tasks_v2")  # +U

    def launch(self, log, listed):
        begin()
        self.loud = is_enabled("tasks_v2")  # +U
        log.loud = is_enabled("tasks_v2")  # +U
        listed[0] = is_enabled("tasks_v2")  # +U
        on = is_enabled("tasks_v2")  # +C
        if on:  # +C
            renew()  # +C
        off, self.loud = is_enabled("tasks_v2"), True  # +U

    def resume(self):
        global loud
        begin()
        loud = is_enabled("tasks_v2")  # +U
        if loud := is_enabled("tasks_v2"):  # +U
            begin()  # +C

    def stop(self):
        def inner():
            nonlocal loud
            loud = is_enabled("tasks_v2")  # +U

    def show(self):
        print(title)
        title = is_enabled("tasks_v2")  # +U
        print(title)
