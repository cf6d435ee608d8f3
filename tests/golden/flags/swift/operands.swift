func launch() {
    begin()
    if ready, FeatureFlag.tasks_v2.enabled { renew() } // +C
    if user.active, FeatureFlag.tasks_v2.enabled { renew() } // +C
    if await task, FeatureFlag.tasks_v2.enabled { renew() } // +U
    if user!, FeatureFlag.tasks_v2.enabled { renew() } // +U
    if user!.active, FeatureFlag.tasks_v2.enabled { renew() } // +U
    if (task as! Bool), FeatureFlag.tasks_v2.enabled { renew() } // +U
    if a / b > 0, FeatureFlag.tasks_v2.enabled { renew() } // +U
    if a % b == 0 && FeatureFlag.tasks_v2.enabled { renew() } // +U
    if list[0], FeatureFlag.tasks_v2.enabled { renew() } // +U
    if a +++ b, FeatureFlag.tasks_v2.enabled { renew() } // +U
    let on = user! && FeatureFlag.tasks_v2.enabled // +U
}

func wait() {
    begin()
    if user != nil, FeatureFlag.tasks_v2.enabled { renew() } // +C
    if try task.late, FeatureFlag.tasks_v2.enabled { renew() } // +U
    if try! task.late, FeatureFlag.tasks_v2.enabled { renew() } // +U
}
