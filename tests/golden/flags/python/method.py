class Tasks:
    def _v2(self):
        self.mark()  # +I
    def archive(self):
        if self.flags.is_enabled("tasks_v2"):
            self._v2()
