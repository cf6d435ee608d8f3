export function Page() {
  return <main>{isEnabled("tasks_v2") && <Banner />}</main>;
}
export const Other: View = function () {
};
export const Named = async (task: Task) => {
};
let Late = () => {
};
const Wrapped = memo(() => {
});
const Twice = function twice() {
};
const Handed = () => {
};
export default connect(Handed);
function start(task: Task) {
  if (isEnabled("tasks_v2")) {
  }
  Other();
}
