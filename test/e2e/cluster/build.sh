#!/bin/bash
# Builds the cluster's programs into .tools/cluster-<digest of their source>, once: kubernetes (etcd, API server, controllers,
# scheduler, proxy, kubelet and kubectl in one program, which picks by the name it is called with), coredns, helm and pause.
# About ten CPU minutes and 4 GB of Go's caches, which are dropped at the end. Prints the folder.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
tools=$(cd "$here/../../.." && pwd)/.tools
cd "$here"
digest=$(cat go.mod go.sum main.go coredns/main.go pause/main.go build.sh | sha256sum | cut -c1-12)
built=$tools/cluster-$digest
if [ -x "$built/kubectl" ]; then
  echo "$built"
  exit 0
fi
command -v go >/dev/null || { echo "cluster: go not found, needed to build Kubernetes: apt-get install golang-go" >&2; exit 1; }
echo "cluster: building Kubernetes into .tools/ (once, about 10 CPU minutes)" >&2
part=$tools/cluster.part caches=$tools/cluster.caches
rm -rf "$part"
mkdir -p "$part" "$caches"
export CGO_ENABLED=0 GOFLAGS="-trimpath -buildvcs=false -mod=readonly" GOMODCACHE=$caches/mod GOCACHE=$caches/build

version=$(go list -m -f '{{.Version}}' k8s.io/kubernetes)
minor=${version#v1.}
stamp=""
for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
  stamp="$stamp -X $package.gitVersion=$version -X $package.gitMajor=1 -X $package.gitMinor=${minor%%.*}"
  stamp="$stamp -X $package.gitCommit=unknown -X $package.gitTreeState=clean -X $package.buildDate=1970-01-01T00:00:00Z"
done
go build -ldflags "-s -w $stamp" -o "$part/kubernetes" . # by far the longest; the others use what it compiled
go build -ldflags "-s -w" -o "$part/coredns" ./coredns
go build -ldflags "-s -w" -o "$part/helm" helm.sh/helm/v3/cmd/helm
go build -ldflags "-s -w" -o "$part/pause" ./pause
for name in etcd kube-apiserver kube-controller-manager kube-scheduler kube-proxy kubelet kubectl; do
  ln -s kubernetes "$part/$name"
done
rm -rf "$built"
mv "$part" "$built"
# Modules are kept read-only.
chmod -R u+w "$caches" && rm -rf "$caches"
echo "$built"
