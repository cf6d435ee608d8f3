#!/usr/bin/env bash
# From nothing to a verdict: installs, builds, starts the demo, asks it about real migrations in a
# real checkout, and says what to try next.
#
#   deploy/quickstart.sh           ends by itself, with 0 where every answer was as it should be
#   deploy/quickstart.sh --stay    leaves the demo running until Ctrl-C
set -euo pipefail
cd "$(dirname "$0")/.."

stay=false
case "${1:-}" in
  "") ;;
  --stay) stay=true ;;
  *)
    echo "usage: deploy/quickstart.sh [--stay]" >&2
    exit 2
    ;;
esac

mkdir -p build
log=$PWD/build/quickstart.log
quietly() { # quietly WHAT COMMAND...: one line for each step; its output only where it fails
  printf '%-28s' "$1"
  local start=$SECONDS
  if "${@:2}" >"$log" 2>&1; then
    printf ' %4d s\n' $((SECONDS - start))
  else
    printf ' failed; the end of %s:\n' "$log"
    tail -n 30 "$log"
    exit 1
  fi
}
quietly "installing dependencies" deploy/install-dependencies.sh --build-only
quietly "configuring" cmake --preset release -DGATE_TESTS=OFF
quietly "building gated and gatectl" cmake --build --preset release -j "$(nproc)" \
  --target gated gatectl gate-inspect gate-rehearse gate-release
bin=$PWD/build/release/bin
export PATH="$bin:$PATH"

work=$(mktemp -d)
gated=""
finish() {
  [[ -z $gated ]] || kill "$gated" 2>/dev/null || true
  [[ -z $gated ]] || wait "$gated" 2>/dev/null || true
  rm -rf "$work"
}
trap finish EXIT

# Free ports where the usual ones are taken; the demo says which it got.
start_demo() { gated --demo "$@" >"$work/banner" 2>"$work/log" & gated=$!; }
serving() { grep -qs 'JSON http' "$work/banner"; }
await_demo() {
  for _ in $(seq 400); do
    serving && return 0
    kill -0 "$gated" 2>/dev/null || return 1
    sleep 0.05
  done
  return 1
}
start_demo
if ! await_demo; then
  start_demo --port 0 --http-port 0
  await_demo || { cat "$work/log" >&2; exit 1; }
fi
GATE_ADDR=$(sed -n 's/^ *gRPC \([^ ]*\).*/\1/p' "$work/banner")
export GATE_ADDR

# A checkout as a pipeline has it: what runs in production, and a release that is to go out.
repository() {
  git init -q -b main "$work/orders"
  cd "$work/orders"
  git config user.name "Nadia Example"
  git config user.email nadia@example.com
  mkdir -p db/migrations
  cat >db/migrations/0001_orders.sql <<'SQL'
CREATE TABLE orders (
  id bigint PRIMARY KEY,
  customer_id bigint NOT NULL,
  shipping_name text NOT NULL
);
SQL
  cat >.gate.yaml <<'YAML'
service: orders
migrations:
  - path: db/migrations
YAML
  git add . && git commit -qm "Orders"
  git tag deployed
  cat >db/migrations/0002_recipient.sql <<'SQL'
-- Every order has a recipient; the old name goes.
ALTER TABLE orders ADD COLUMN recipient_id bigint NOT NULL;
ALTER TABLE orders DROP COLUMN shipping_name;
SQL
  git add . && git commit -qm "ORD-17 Recipients instead of names"
}

wrong=0
ask() { # ask EXPECTED COMMAND...: shows the command and its answer, and that the exit code is right
  local expected=$1 got=0
  shift
  printf '\n$ %s\n' "$*"
  "$@" || got=$?
  printf '(exit code %d)\n' "$got"
  if [[ $got != "$expected" ]]; then
    printf 'expected exit code %d\n' "$expected" >&2
    wrong=1
  fi
}

repository
ask 10 gatectl check orders --env production --base deployed --kind migration
git rm -q db/migrations/0002_recipient.sql
echo "ALTER TABLE orders ADD COLUMN recipient_id bigint;" >db/migrations/0002_recipient.sql
git add . && git commit -qm "ORD-17 First half: a column that nobody has to fill yet"
ask 0 gatectl check orders --env production --base deployed --kind migration
ask 0 gatectl verdict list --limit 8

cat <<TEXT

Try next (the programs are in $bin):
  deploy/quickstart.sh --stay                      keeps the demo running; then, in another terminal:
  gatectl check catalog --env production --version 1.201-bad     a canary that fails
  gatectl explain migration.required_column        what a rule means, and what to do instead
  gatectl lint migrations PATH                     the same judgement of your own migrations, without a server
  gated --config deploy/config.example.yaml        your own gate; README.md goes on from here
TEXT
if $stay; then
  cat "$work/banner"
  echo "The demo runs until Ctrl-C (GATE_ADDR=$GATE_ADDR)."
  wait "$gated" || true
  gated=""
fi
exit "$wrong"
