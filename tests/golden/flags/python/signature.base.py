class Tasks(Base):
    def archive(self, t):
        t.v1()
