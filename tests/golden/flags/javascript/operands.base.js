export async function* launch() {
  begin();
}
