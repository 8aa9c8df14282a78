#!/bin/sh
# Puts Python's warcio, which checks our WARC files in the tests, into .tools/, once for each pinned version.
set -eu
cd "$(dirname "$0")/.."
version=1.8.1
folder=.tools/warcio-$version
if [ ! -x "$folder/bin/warcio" ]; then
  if ! command -v python3 >/dev/null 2>&1; then
    echo "tools: python3 not found, needed for warcio $version: apt-get install python3-venv, or brew install python" >&2
    exit 1
  fi
  echo "tools: installing warcio $version (once)" >&2
  # A venv has its own path in its scripts and cannot be moved: the link below says that it is whole.
  rm -rf "$folder"
  python3 -m venv "$folder"
  "$folder/bin/pip" install --quiet --disable-pip-version-check "warcio==$version" || {
    rm -rf "$folder"
    exit 1
  }
fi
mkdir -p .tools/bin
ln -sf "../warcio-$version/bin/warcio" .tools/bin/warcio
