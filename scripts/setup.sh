#!/bin/sh
# Installs the project's packages, only when package-lock.json has changed since they were installed here.
set -eu
cd "$(dirname "$0")/.."

# npm ci deletes node_modules, and with it the Node and npm that may be first on PATH: it has to run on the machine's own.
own="$PWD/node_modules/.bin"
system_path=$(printf '%s' "$PATH" | tr ':' '\n' | grep -vxF "$own" | paste -sd: -)

missing=0
need() { # command, why, how to get it
  if ! PATH="$system_path" command -v "$1" >/dev/null 2>&1; then
    echo "setup: $1 not found, needed for $2: $3" >&2
    missing=1
  fi
}
suggest() {
  command -v "$1" >/dev/null 2>&1 || echo "setup: $1 not found, needed for $2 only: $3" >&2
}

if cmp -s package-lock.json node_modules/.stamp; then
  installed=yes
else
  installed=no
  need git "the checkout" "apt-get install git, or brew install git"
  need node "npm (20 or newer)" "apt-get install nodejs, or brew install node"
  need npm "the packages" "it comes with Node; on Debian: apt-get install npm"
  suggest go "building nats-server and versitygw (make tools)" "apt-get install golang-go, or brew install go"
  suggest python3 "the terminal in make test" "apt-get install python3, or brew install python"
  [ "$missing" = 0 ] || exit 1
  major=$(PATH="$system_path" node -p 'process.versions.node.split(".")[0]')
  if [ "$major" -lt 20 ]; then
    echo "setup: node is $(PATH="$system_path" node --version), npm needs 20 or newer: brew install node, or use nvm" >&2
    exit 1
  fi
fi

if [ "$installed" = no ]; then
  rm -f node_modules/.stamp
  PATH="$system_path" npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
  cp package-lock.json node_modules/.stamp
fi

# Where there is no package with a Node for this platform, the machine's own has to do.
version=$(PATH="$own:$system_path" node --version)
major=${version#v}
if [ "${major%%.*}" -lt 24 ]; then
  echo "setup: the project's own Node was not installed and the machine's is $version: install Node 24 or newer" >&2
  exit 1
fi
