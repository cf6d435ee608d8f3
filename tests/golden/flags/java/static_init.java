class A {
  static {
    Registry.add(new V2()); // +U
  }
  {
    if (flags.isEnabled("tasks_v2")) {
      start(); // +C
    }
    prepare(); // +U
  }
  private static final String NAME = System.getenv("TASKS"); // +U
}
