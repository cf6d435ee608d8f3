interface Store {
  void loadAll();
  void drop();
}
abstract class Half implements Store {
  abstract void later();
}
class Full extends Half {
  public void loadAll() {
  }
  public void drop() {
  }
  void later() {
  }
}
class A {
  void launch(Store store, Other other, Half half) {
    if (flags.isEnabled("tasks_v2")) {
    }
    other.drop();
  }
}
