#!/bin/bash
# The end-to-end tests: on a Kubernetes of their own (test/e2e/cluster), or on the one that E2E_KUBECONFIG names, which must
# be able to get E2E_IMAGE, E2E_NATS_IMAGE and E2E_S3_IMAGE. A machine that can do neither is told so, and that is no failure.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ -n "${E2E_KUBECONFIG:-}" ]; then
  : "${E2E_IMAGE:?the image to test, as the cluster of E2E_KUBECONFIG pulls it}"
  export KUBECONFIG=$E2E_KUBECONFIG E2E_IMAGE E2E_NATS_IMAGE=${E2E_NATS_IMAGE:-nats:2.15.2}
  export E2E_S3_IMAGE=${E2E_S3_IMAGE:-versity/versitygw:v1.8.0}
  exec vitest run --project e2e "$@"
fi
why=""
[ "$(uname -s)" = Linux ] || why="this is not Linux"
[ -n "$why" ] || [ "$(id -u)" = 0 ] || why="not root"
[ -n "$why" ] || command -v apt-get >/dev/null || why="no apt-get, which containerd and buildah are taken from"
[ -n "$why" ] || command -v go >/dev/null || why="no go, which Kubernetes is built with"
[ -n "$why" ] || unshare --net --mount --pid --fork true 2>/dev/null || why="no namespaces for network, mounts and processes"
if [ -n "$why" ]; then
  echo "e2e: skipped: this machine cannot run a cluster of its own ($why)"
  echo "  with E2E_KUBECONFIG=FILE and E2E_IMAGE=NAME the tests run on an existing one"
  exit 0
fi

sh scripts/image.sh onpoint
E2E_IMAGE=localhost/onpoint:$(node -p 'require("./package.json").version') E2E_NATS_IMAGE=cluster.local/nats:1 E2E_S3_IMAGE=cluster.local/s3:1
export E2E_IMAGE E2E_NATS_IMAGE E2E_S3_IMAGE
bash test/e2e/cluster/pack-image.sh "$E2E_NATS_IMAGE" .tools/bin/nats-server .tools/image/nats.tar
bash test/e2e/cluster/pack-image.sh "$E2E_S3_IMAGE" .tools/bin/versitygw .tools/image/s3.tar
if docker info >/dev/null 2>&1; then
  docker tag "${E2E_IMAGE#localhost/}" "$E2E_IMAGE"
  docker save --output .tools/image/onpoint.tar "$E2E_IMAGE"
fi
IMAGES="$PWD/.tools/image/onpoint.tar $PWD/.tools/image/nats.tar $PWD/.tools/image/s3.tar" \
  bash test/e2e/cluster/run.sh vitest run --project e2e "$@"
