export function Page() {
  return <main>{isEnabled("tasks_v2") && <Banner />}</main>;
}
const Banner = () => { // +N
  const text = useText(); // +I
  const late = () => text; // +I
  return <b onClick={late}>{text}</b>; // +I
}; // +N
export const Other: View = function () {
  return <b>{useText()}</b>; // +U
};
export const Named = async (task: Task) => {
  return renew(task); // +I
};
let Late = () => {
  return renew(); // +U
};
const Wrapped = memo(() => {
  return renew(); // +U
});
const Twice = function twice() {
  return renew(); // +U
};
const Handed = () => {
  return renew(); // +U
};
export default connect(Handed);
function start(task: Task) {
  if (isEnabled("tasks_v2")) {
    Named(task); // +C
    Late(); // +C
    Wrapped(); // +C
    Twice(); // +C
    Handed(); // +C
  }
  Other();
}
