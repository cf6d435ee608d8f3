public class Player : Base {
  public bool Loud { get; set; } = true;
  public void Launch(Log log, bool[] list) {
    Begin();
  }
  public void Resume() {
    Show(title);
  }
}
