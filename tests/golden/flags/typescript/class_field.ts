class Tasks {
  private svc = new TaskServiceV2()  // +U
  archive(t: Task): void {
    if (!this.flags.isEnabled("tasks_v2")) return
    t.v2()  // +C
  }
}
