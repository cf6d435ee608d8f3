#!/usr/bin/env bash
# Installs what is needed, builds, and runs everything. Ends with CTest's own summary.
#
#   tests/run.sh            everything, as CI does
#   tests/run.sh --quick    the tests only, without sanitizers, clang and the release build
set -euo pipefail
cd "$(dirname "$0")/.."
jobs=$(nproc)

step() { printf '\n== %s (%s)\n' "$1" "$(date +%T)"; }

build() { # build PRESET TARGET...
  local preset=$1
  shift
  cmake --preset "$preset" >"build/$preset.configure.log" 2>&1 || {
    cat "build/$preset.configure.log"
    return 1
  }
  cmake --build --preset "$preset" -j "$jobs" --target "$@" | tail -n 3
}

run_tests() { # run_tests PRESET [CTest option...]
  local preset=$1
  shift
  ctest --preset "$preset" -j "$jobs" --no-tests=error "$@" | grep -vE '^ +Start |  Passed  '
}

mkdir -p build
step "install dependencies"
deploy/install-dependencies.sh

if [[ "${1:-}" != "--quick" ]]; then
  step "clang: thread-safety analysis of everything that takes a lock"
  build clang gate_base gate_log gate_store gate_policy gate_identity gate_engine gate_rollout \
    gate_rehearsal gate_inspect gate_git gate_api gate_server gate_client gatectl_parts

  step "ThreadSanitizer: engine, stores, checks"
  build tsan evaluate_test rollout_test store_test policy_test freeze_test
  GTEST_FILTER='-*Oracle*' run_tests tsan -R '^(evaluate|rollout|policy|freeze)$|^store[.]' -E 'crash|consume'

  step "AddressSanitizer and UndefinedBehaviorSanitizer: everything that parses or judges"
  build asan checks_test policy_test freeze_test migration_test canary_test stats_test render_test qa_test
  GTEST_FILTER='-*Oracle*' run_tests asan -R '^(checks|policy|freeze|migration|canary|stats|render|qa)$'

  step "the release build, as a newcomer meets it"
  deploy/quickstart.sh
fi

step "build"
build test all benches
step "tests"
run_tests test
