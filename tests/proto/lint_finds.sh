#!/usr/bin/env bash
# The checks of the protos can fail: a field without a proper name is found by lint, and a field that
# is gone by the check for breaking changes.
#
#   lint_finds.sh BUF PROTOC
set -euo pipefail
buf=$1 protoc=$2
config=$PWD/proto/buf.yaml
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

compile() { # compile NAME FIELDS: into NAME.binpb
  mkdir -p "$work/$1/probe/v1"
  printf 'syntax = "proto3";\npackage probe.v1;\n// A probe.\nmessage Probe {\n%s\n}\n' "$2" \
    >"$work/$1/probe/v1/probe.proto"
  "$protoc" -I "$work/$1" --include_source_info --descriptor_set_out="$work/$1.binpb" \
    "$work/$1/probe/v1/probe.proto"
}
must_fail() {
  if "$@" >"$work/out" 2>&1; then
    echo "nothing was found by: $*" >&2
    exit 1
  fi
}

compile good $'  // A name.\n  string name = 1;\n  // A size.\n  int32 size = 2;'
compile named $'  // A name.\n  string Name = 1;'
compile bare $'  string name = 1;'
compile retyped $'  // A name.\n  string name = 1;\n  // A size.\n  string size = 2;'
"$buf" lint "$work/good.binpb" --config "$config"
must_fail "$buf" lint "$work/named.binpb" --config "$config"
must_fail "$buf" lint "$work/bare.binpb" --config "$config"
"$buf" breaking "$work/good.binpb" --against "$work/good.binpb" --config "$config"
must_fail "$buf" breaking "$work/retyped.binpb" --against "$work/good.binpb" --config "$config"
