#!/bin/sh
# Puts a tool that is no npm package into .tools/bin, built once for each pinned version.
# usage: tool.sh NAME GO-PACKAGE VERSION [LEAST]   LEAST: a NAME on PATH of at least this version is taken instead
set -eu
cd "$(dirname "$0")/.."
name=$1 package=$2 version=$3 least=${4:-}
mkdir -p .tools/bin
link=.tools/bin/$name

# The version numbers a and b: true when a >= b.
at_least() {
  awk -v a="$1" -v b="$2" 'BEGIN {
    n = split(a, x, "."); split(b, y, ".");
    for (i = 1; i <= 3; i++) if (x[i] + 0 != y[i] + 0) exit !(x[i] + 0 > y[i] + 0);
    exit 0 }'
}

built=.tools/$name-$version/$name
if [ -x "$built" ]; then
  ln -sf "../$name-$version/$name" "$link"
  exit 0
fi
if [ -n "$least" ]; then
  for found in "$link" "$(command -v "$name" || true)"; do
    [ -n "$found" ] && [ -x "$found" ] || continue
    has=$("$found" --version 2>/dev/null | sed -n 's/.*v\([0-9][0-9.]*\).*/\1/p' | head -n 1)
    [ -n "$has" ] && at_least "$has" "$least" || continue
    [ "$found" = "$link" ] || ln -sf "$found" "$link"
    exit 0
  done
fi
if ! command -v go >/dev/null 2>&1; then
  echo "tools: go not found, needed to build $name $version: apt-get install golang-go, or brew install go" >&2
  [ -z "$least" ] || echo "  or put a $name of $least or newer on PATH" >&2
  exit 1
fi
echo "tools: building $name $version (once)" >&2
# Built aside and moved, so that an interrupted build leaves nothing that looks finished.
rm -rf ".tools/$name-$version.part"
GOBIN="$PWD/.tools/$name-$version.part" CGO_ENABLED=0 GOFLAGS=-mod=mod \
  go install -trimpath -ldflags='-s -w' "$package@$version"
rm -rf ".tools/$name-$version"
mv ".tools/$name-$version.part" ".tools/$name-$version"
ln -sf "../$name-$version/$name" "$link"
