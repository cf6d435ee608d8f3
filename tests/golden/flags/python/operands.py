async def launch(self):
    begin()
    if ready and is_enabled("tasks_v2"): renew()  # +C
    if user is not None and is_enabled("tasks_v2"): renew()  # +C
    if not self.done and is_enabled("tasks_v2"): renew()  # +C
    if is_enabled("tasks_v2") and list[0]: renew()  # +C
    if is_enabled("tasks_v2", address.user): renew()  # +C
    if await is_enabled("tasks_v2"): renew()  # +C
    if user.active and is_enabled("tasks_v2"): renew()  # +U
    if await late and is_enabled("tasks_v2"): renew()  # +U
    if (yield) and is_enabled("tasks_v2"): renew()  # +U
    if (yield late) and is_enabled("tasks_v2"): renew()  # +U
    if listed[0] and is_enabled("tasks_v2"): renew()  # +U
    if (n := 3) and is_enabled("tasks_v2"): renew()  # +U
    if f"{late()}" and is_enabled("tasks_v2"): renew()  # +U
    if a / b > 0 and is_enabled("tasks_v2"): renew()  # +U
    if a @ b and is_enabled("tasks_v2"): renew()  # +U
    if a in b and is_enabled("tasks_v2"): renew()  # +U
    if [late() for t in listed] and is_enabled("tasks_v2"): renew()  # +U
    if is_enabled("tasks_v2") == late(): renew()  # +U
    if is_enabled("tasks_v2", listed[0]): renew()  # +U
    if is_enabled("tasks_v2", await late): renew()  # +U
    on = (yield) and is_enabled("tasks_v2")  # +U
