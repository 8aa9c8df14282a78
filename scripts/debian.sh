#!/bin/sh
# Runs a command where Debian packages are installed, without installing them: they are unpacked into .tools/debian (once), and
# the command sees them laid over /usr and /etc in a mount namespace of its own. The machine stays as it is.
# Needs root, and apt-get with the machine's own sources.
# usage: debian.sh "PACKAGE..." COMMAND...
set -eu
cd "$(dirname "$0")/.."
packages=$1
shift
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1 || ! unshare --mount true 2>/dev/null; then
  echo "debian: needs root, Debian's apt-get and mount namespaces, for: $packages" >&2
  exit 1
fi
into=$PWD/.tools/debian
mkdir -p "$into/usr" "$into/etc" "$into/.unpacked"
wanted=""
for package in $packages; do
  [ -e "$into/.unpacked/$package" ] || wanted="$wanted $package"
done

if [ -n "$wanted" ]; then
  echo "debian: unpacking$wanted, and what they need, into .tools/debian (once)" >&2
  rm -rf "$into/.archives"
  mkdir -p "$into/.archives/partial"
  log=$into/.archives/log
  download() {
    # shellcheck disable=SC2086 # names of packages
    apt-get install --yes --reinstall --no-install-recommends --download-only -o Debug::NoLocking=1 -o APT::Sandbox::User=root \
      -o Dir::Cache::archives="$into/.archives" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= $wanted >"$log" 2>&1
  }
  # A machine may have no lists of packages yet, or old ones.
  if ! download; then
    { apt-get update >"$log" 2>&1 && download; } || { cat "$log" >&2; exit 1; }
  fi
  for archive in "$into"/.archives/*.deb; do dpkg-deb --extract "$archive" "$into"; done
  # Some still name the folders of before /usr was merged.
  for folder in bin sbin lib; do
    [ ! -d "$into/$folder" ] || { cp -a "$into/$folder" "$into/usr/" && rm -rf "${into:?}/$folder"; }
  done
  rm -rf "$into/.archives"
  for package in $wanted; do touch "$into/.unpacked/$package"; done
fi

# shellcheck disable=SC2016 # for the inner shell
exec unshare --mount --propagation private sh -euc '
  for folder in usr etc; do mount -t overlay -o "lowerdir=$0/$folder:/$folder" overlay "/$folder"; done
  exec "$@"' "$into" "$@"
