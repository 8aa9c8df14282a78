#!/bin/bash
# Runs a command beside a Kubernetes of its own: one node, in network, pid and mount namespaces of its own, so that nothing
# reaches outside and all ends with the command. KUBECONFIG is set for it, kubectl and helm are on its PATH.
# Needs root on Debian and go (build.sh). `run.sh bash` to look around.
# usage: run.sh COMMAND...   (environment: IMAGES = archives to import; KEEP_LOGS = folder for the cluster's logs)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
scripts=$(cd "$here/../../../scripts" && pwd)
export CLUSTER_BIN
CLUSTER_BIN=$("$here/build.sh")
state=$(mktemp -d /var/tmp/onpoint-cluster.XXXXXX)
cgroup=$(basename "$state")
# kubelet keeps its cgroups below this one; version 1 has a tree for each controller.
trees=()
for tree in /sys/fs/cgroup/ /sys/fs/cgroup/*/; do
  if [ -e "$tree/cgroup.procs" ] && [ ! -L "${tree%/}" ]; then trees+=("$tree$cgroup"); fi
done
clean() {
  # They are empty once the cluster's processes are gone, which may be some milliseconds from now.
  for _ in $(seq 50); do
    find "${trees[@]}" -depth -type d -exec rmdir {} + 2>/dev/null || true
    left=$(find "${trees[@]}" -maxdepth 0 2>/dev/null || true)
    [ -n "$left" ] || break
    sleep 0.1
  done
  [ -z "${KEEP_LOGS:-}" ] || { mkdir -p "$KEEP_LOGS" && cp -r "$state/log/." "$KEEP_LOGS"; }
  rm -rf "$state"
}
trap clean EXIT
mkdir -p "$state/log" "$state/pki"
mkdir -p "${trees[@]}"
sh "$scripts/debian.sh" "containerd runc containernetworking-plugins nftables conntrack" \
  unshare --net --mount --pid --fork --kill-child --mount-proc --propagation private "$here/node.sh" "$state" "$@"
