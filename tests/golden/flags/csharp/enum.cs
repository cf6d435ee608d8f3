public enum Feature {
  Other,
  tasks_v2, // +N
}
public interface IArchive {
  void Archive(Item t); // +N
}
public class A {
  public void Archive(
      Item t,
      int rank = 3, // +U
      [FromQuery] string name, // +N
      bool late
  ) {
    if (!flags.IsEnabled("tasks_v2") || t.Done) return; // +C
    t.V2(rank); // +C
  }
}
