

class Player(Base):

    def launch(self, log, listed):
        begin()

    def resume(self):
        global loud
        begin()

    def stop(self):
        def inner():
            nonlocal loud

    def show(self):
        print(title)
        print(title)
