async def launch(self):
    begin()
