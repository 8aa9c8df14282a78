#!/bin/sh
# Builds images without docker and without a container registry, for image.sh: what they are based on is made here.
# Each is left in .tools/image/TARGET.tar, as `docker load` and `ctr images import` take it.
# usage: image-buildah.sh TARGET...   (environment: VERSION, REVISION, SOURCE_DATE_EPOCH)
set -eu
cd "$(dirname "$0")/.."
out=.tools/image
mkdir -p "$out"
buildah() { command buildah --root "$PWD/$out/store" --runroot "$PWD/$out/run" --storage-driver overlay "$@"; }
work=$(mktemp -d "${TMPDIR:-/tmp}/onpoint-image.XXXXXX")
trap 'rm -rf "$work"' EXIT

# A stand-in for the public Node image, of the same name: a minimal Debian, and the Node and npm of node_modules.
make_base() {
  name=$1 version=${1##*:} suite=${1#*-}
  version=${version%%-*} suite=${suite%-slim}
  if [ "v$version" != "$(node --version)" ]; then
    echo "image: the Dockerfile has Node $version, the checkout $(node --version)" >&2
    exit 1
  fi
  echo "image: making a stand-in for $name out of Debian packages (once)" >&2
  # The machine's own sources, where they are of this release.
  sources=$(grep -lsw "$suite" /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list | head -n 1)
  SOURCE_DATE_EPOCH=0 TMPDIR=$work mmdebstrap --quiet --variant=minbase --include=libatomic1 --dpkgopt=force-unsafe-io \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/info/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' "$suite" "$work/root.tar" ${sources:+"$sources"}
  mkdir -p "$work/local/bin" "$work/local/etc" "$work/local/lib/node_modules"
  cp "$(node -p process.execPath)" "$work/local/bin/node"
  cp -R node_modules/npm "$work/local/lib/node_modules/npm"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$work/local/bin/npm"
  chmod -R go+rX "$work/local"
  cat >"$work/Dockerfile" <<D
FROM scratch
ADD root.tar /
COPY local /usr/local
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
CMD ["node"]
D
  buildah bud --quiet --isolation chroot --timestamp 0 --tag "$name" "$work" >/dev/null
  rm -rf "$work/root.tar" "$work/local"
}
base=$(sed -n 's/^ARG BASE=//p' Dockerfile)
buildah inspect --type image "$base" >/dev/null 2>&1 || make_base "$base"

# npm in the build trusts the authorities that this machine trusts, and asks where it asks: by a folder that is mounted over an
# empty one, so that nothing of it stays in the image.
mkdir "$work/etc"
chmod 755 "$work" "$work/etc"
cp "$(readlink -f "${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}")" "$work/etc/ca.crt"
registry=$(npm config get registry 2>/dev/null)
printf 'cafile=/usr/local/etc/ca.crt\nregistry=%s\nupdate-notifier=false\n' "$registry" >"$work/etc/npmrc"

for target in "$@"; do
  tag=localhost/$target:$VERSION
  buildah bud --quiet --isolation chroot --pull=never --layers --network host --format docker --timestamp "$SOURCE_DATE_EPOCH" \
    --volume "$work/etc:/usr/local/etc:ro" --build-arg "VERSION=$VERSION" --build-arg "REVISION=$REVISION" \
    --target "$target" --tag "$tag" . >/dev/null
  id=$(buildah inspect --type image --format '{{.FromImageID}}' "$tag")
  if [ "$(cat "$out/$target.id" 2>/dev/null)" != "$id" ] || [ ! -e "$out/$target.tar" ]; then
    rm -f "$out/$target.tar"
    buildah push --quiet "$tag" "docker-archive:$out/$target.tar:$tag"
    echo "$id" >"$out/$target.id"
  fi
  echo "$tag, $(wc -c <"$out/$target.tar") bytes, $id"
done
