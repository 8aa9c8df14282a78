#!/usr/bin/env bash
# Runs the checks side by side; prints what each said when it ends, and fails if one did.
set -u
cd "$(dirname "$0")/.."
logs=$(mktemp -d "${TMPDIR:-/tmp}/onpoint-check.XXXXXX")
trap 'rm -rf "$logs"' EXIT

names=() pids=()
start() {
  names+=("$1")
  "${@:2}" >"$logs/$1" 2>&1 &
  pids+=("$!")
}
start tsc tsc
start biome biome ci .
start oxlint oxlint --type-aware cmd internal test examples scripts
start unit vitest run --project unit

status=0
for i in "${!names[@]}"; do
  name=${names[$i]}
  if wait "${pids[$i]}"; then verdict=ok; else verdict=FAILED status=1; fi
  cat "$logs/$name"
  echo "check: $name $verdict (after $SECONDS s)"
done
exit "$status"
