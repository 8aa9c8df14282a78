#!/bin/bash
# Packs one static program as an image that `ctr images import` takes, with nothing else in it.
# usage: pack-image.sh NAME:TAG PROGRAM OUT.tar
set -euo pipefail
name=$1 program=$2 out=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/root/tmp"
chmod 1777 "$work/root/tmp"
base=$(basename "$program")
cp -L "$program" "$work/root/$base"
tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -C "$work/root" -cf "$work/layer.tar" .
sum=$(sha256sum "$work/layer.tar" | cut -d' ' -f1)
cat >"$work/config.json" <<J
{"architecture": "$(go env GOARCH)", "os": "linux", "config": {"Env": ["PATH=/"], "Entrypoint": ["/$base"], "WorkingDir": "/"},
 "rootfs": {"type": "layers", "diff_ids": ["sha256:$sum"]}}
J
printf '[{"Config": "config.json", "RepoTags": ["%s"], "Layers": ["layer.tar"]}]' "$name" >"$work/manifest.json"
tar -C "$work" -cf "$out" manifest.json config.json layer.tar
