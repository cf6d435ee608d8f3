#!/usr/bin/env bash
# Compares the protos with those of the commit before, on the wire and in JSON. Skipped (exit 77)
# where there is none: no git, an exported tree, a shallow clone, the first commit.
#
#   breaking.sh BUF PROTOC DESCRIPTORS GOOGLEAPIS
set -euo pipefail
buf=$1 protoc=$2 now=$3 googleapis=$4

before=HEAD
# With a clean tree HEAD is what is being tested: then the commit before it is the old one.
if git diff --quiet HEAD -- proto 2>/dev/null; then before=HEAD^; fi
if ! git rev-parse --quiet --verify "$before:proto/gate" >/dev/null 2>&1; then
  echo "skipped: there is no earlier commit to compare with"
  exit 77
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
git archive "$before" proto | tar -x -C "$work"
mapfile -t protos < <(cd "$work/proto" && find gate -name '*.proto' | sort)
(cd "$work/proto" && "$protoc" -I . -I "$googleapis" --include_imports \
  --descriptor_set_out="$work/before.binpb" "${protos[@]}")
"$buf" breaking "$now" --against "$work/before.binpb" --config proto/buf.yaml
echo "compatible with $(git rev-parse --short "$before")"
