class Export(generic.View, metaclass=Meta):
    def build(self):
        self.mark()  # +U
    def _inner(self):
        self.mark()  # +I
class Near(object):
    def build_near(self):
        self.mark()  # +I
class Own(Near):
    def build_own(self):
        self.mark()  # +I
def launch(export, own, flags):
    if flags.is_enabled("tasks_v2"):
        export.build()  # +C
        export._inner()  # +C
        own.build_own()  # +C
        own.build_near()  # +C
