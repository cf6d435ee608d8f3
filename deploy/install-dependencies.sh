#!/usr/bin/env bash
# Installs what building, testing and running the gate needs on Debian 12. Idempotent.
#
#   deploy/install-dependencies.sh [--build-only]
#
# --build-only leaves out what only the tests need.
set -euo pipefail
cd "$(dirname "$0")"

build=(
  g++ cmake ninja-build ccache pkg-config git ca-certificates tzdata
  libgrpc++-dev protobuf-compiler-grpc libprotobuf-dev protobuf-compiler libabsl-dev
  golang-github-gogo-googleapis-dev # google/api/*.proto and google/rpc/*.proto
  prometheus-cpp-dev libcurl4-openssl-dev
  libpq-dev libsqlite3-dev libpg-query-dev postgresql-server-dev-15
  libcpp-httplib-dev nlohmann-json3-dev libyaml-cpp-dev libical-dev libpugixml-dev
  libssl-dev libzstd-dev libboost-math-dev
  libcli11-dev libre2-dev libgit2-dev
  nodejs npm # the grammars of programming languages come from npm
  libgtest-dev libgmock-dev
)
tests=(
  clang-19 clang-tidy-19 clang-format-14 libclang-rt-19-dev
  postgresql-15 postgresql-15-plpgsql-check prometheus curl openssl
  victoria-metrics
  python3 python3-dateutil python3-jsonschema python3-scipy python3-yaml
  bash zsh fish shellcheck libfaketime
)

packages=("${build[@]}")
if [[ "${1:-}" != "--build-only" ]]; then packages+=("${tests[@]}"); fi

have() { dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed; }
missing=()
for package in "${packages[@]}"; do
  # A newer Node.js than Debian's brings npm itself and conflicts with Debian's package of it.
  case "$package" in
    nodejs) command -v node >/dev/null && continue ;;
    npm) command -v npm >/dev/null && continue ;;
  esac
  have "$package" || missing+=("$package")
done
if ((${#missing[@]})); then
  as_root=()
  if [[ $(id -u) != 0 ]]; then as_root=(sudo); fi
  "${as_root[@]}" apt-get update -qq
  DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}"
fi

# npm ci deletes node_modules first: only when the lockfile is newer than what is installed.
install_from_npm() { # install_from_npm FOLDER
  if [[ ! -e $1/node_modules/.package-lock.json || $1/package-lock.json -nt $1/node_modules/.package-lock.json ]]; then
    (cd "$1" && npm ci --no-audit --no-fund --loglevel=error)
    touch "$1/node_modules/.package-lock.json"
  fi
}
install_from_npm grammars
if [[ "${1:-}" != "--build-only" ]]; then
  install_from_npm npm
  install_from_npm flags # Unleash, and flagd's evaluator
fi
