function can() {
}
function may() {
}
function or() {
}
can();
