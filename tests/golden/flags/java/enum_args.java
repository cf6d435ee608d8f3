enum Feature {
  TASKS_V2("tasks_v2", false), // +N
  TASKS_V3("tasks_v3", load()); // +U
  private final String name;
  Feature(String name, boolean on) { this.name = name; }
}
