#!/bin/sh
# Builds the images of the Dockerfile: with docker where it runs; else, on Debian as root, with buildah.
# usage: image.sh [TARGET...]   (default: onpoint onpoint-browser)
# The same commit gives the same image: all times in it are that commit's.
set -eu
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- onpoint onpoint-browser
VERSION=$(node -p 'require("./package.json").version')
REVISION=$(git rev-parse HEAD 2>/dev/null || echo unknown)
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct 2>/dev/null || echo 0)
export VERSION REVISION SOURCE_DATE_EPOCH

if docker info >/dev/null 2>&1; then
  for target in "$@"; do
    docker build --build-arg VERSION --build-arg REVISION --target "$target" --tag "$target:$VERSION" .
    docker image inspect --format '{{index .RepoTags 0}}, {{.Size}} bytes, {{.Id}}' "$target:$VERSION"
  done
elif [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  sh scripts/debian.sh "buildah mmdebstrap" sh scripts/image-buildah.sh "$@"
else
  echo "image: needs docker, or root on Debian, where buildah is taken from packages" >&2
  exit 1
fi
