interface Store {
  void loadAll();
  void drop();
}
abstract class Half implements Store {
  abstract void later();
}
class Full extends Half {
  public void loadAll() {
    renew(); // +I
  }
  public void drop() {
    renew(); // +U
  }
  void later() {
    renew(); // +I
  }
}
class A {
  void launch(Store store, Other other, Half half) {
    if (flags.isEnabled("tasks_v2")) {
      store.loadAll(); // +C
      store.drop(); // +C
      half.later(); // +C
    }
    other.drop();
  }
}
