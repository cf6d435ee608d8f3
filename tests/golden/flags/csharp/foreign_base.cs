class Nightly : Base, IJob {
  public void Begin() {
    Renew(); // +U
  }
  private void Inner() {
    Renew(); // +I
  }
}
class Own : Base, INear {
  public void Near() {
    Renew(); // +I
  }
}
interface INear {
}
class A {
  void Launch(Nightly nightly, Own own) {
    if (features.IsEnabled("tasks_v2")) {
      nightly.Begin(); // +C
      nightly.Inner(); // +C
      own.Near(); // +C
    }
  }
}
