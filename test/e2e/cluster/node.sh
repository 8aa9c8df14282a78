#!/bin/bash
# First process of the cluster's namespaces, started by run.sh: brings up network, control plane and node, then runs the command.
# usage: node.sh STATE COMMAND...
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
state=$1
shift
export PATH=$CLUSTER_BIN:$PATH:/usr/sbin:/sbin GOMAXPROCS=2
node=node0 node_ip=10.99.0.1 pod_net=10.88.0.0/16 service_net=10.96.0.0/16 dns_ip=10.96.0.10
pki=$state/pki
containerd_socket=/run/containerd/containerd.sock
start() {
  local name=$1
  "$@" >"$state/log/$name.log" 2>&1 </dev/null &
}
wait_for() {
  for _ in $(seq 1200); do
    if "$@" >/dev/null 2>&1; then return 0; fi
    sleep 0.05
  done
  echo "cluster: gave up waiting for: $*" >&2
  tail -n 5 "$state"/log/*.log >&2
  return 1
}

# Mounts: kubelet and containerd need shared propagation, here only, and folders that are gone with the cluster.
mount --make-rshared /
mkdir -p "$state/etcd" "$state/containerd" "$state/cni"
for folder in /run/containerd /var/lib/kubelet /var/lib/cni /var/log/pods /var/log/containers "$state/etcd" "$state/containerd"; do
  mkdir -p "$folder"
  mount -t tmpfs tmpfs "$folder"
done
mount --make-rshared /var/lib/kubelet
# kubelet sets these for the whole machine, unless they read as it wants them.
for setting in vm/overcommit_memory=1 vm/panic_on_oom=0 kernel/panic=10 kernel/panic_on_oops=1 \
  kernel/keys/root_maxkeys=1000000 kernel/keys/root_maxbytes=25000000; do
  file=$state/$(basename "${setting%=*}")
  echo "${setting#*=}" >"$file"
  mount --bind "$file" "/proc/sys/${setting%=*}"
done

ip link set lo up
ip link add "$node" type bridge
ip addr add "$node_ip/24" dev "$node"
ip link set "$node" up
# No default route, so nothing leaves; but a service's address needs some route before it is translated.
ip route add "$service_net" dev "$node" src "$node_ip"
echo 1 >/proc/sys/net/ipv4/ip_forward
[ ! -e /proc/sys/net/bridge ] || echo 1 >/proc/sys/net/bridge/bridge-nf-call-iptables

"$here/certificates.sh" "$pki" "$node" "$node_ip" "${service_net%.*}.1"
export KUBECONFIG=$pki/admin.conf
. "$here/node-config.sh"
start etcd --data-dir "$state/etcd" --unsafe-no-fsync --log-level warn \
  --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 \
  --listen-peer-urls http://127.0.0.1:2380 --initial-advertise-peer-urls http://127.0.0.1:2380 \
  --initial-cluster default=http://127.0.0.1:2380
start containerd --config "$state/containerd.toml"
start kube-apiserver --etcd-servers http://127.0.0.1:2379 --secure-port 6443 --bind-address 0.0.0.0 --advertise-address "$node_ip" \
  --service-cluster-ip-range "$service_net" --client-ca-file "$pki/ca.crt" \
  --tls-cert-file "$pki/apiserver.crt" --tls-private-key-file "$pki/apiserver.key" \
  --service-account-issuer https://kubernetes.default.svc --service-account-key-file "$pki/sa.pub" \
  --service-account-signing-key-file "$pki/sa.key" --authorization-mode Node,RBAC --enable-admission-plugins NodeRestriction \
  --allow-privileged --kubelet-client-certificate "$pki/admin.crt" --kubelet-client-key "$pki/admin.key" \
  --kubelet-preferred-address-types InternalIP --requestheader-client-ca-file "$pki/ca.crt" \
  --requestheader-allowed-names front-proxy-client --requestheader-username-headers X-Remote-User \
  --requestheader-group-headers X-Remote-Group --requestheader-extra-headers-prefix X-Remote-Extra- \
  --proxy-client-cert-file "$pki/front.crt" --proxy-client-key-file "$pki/front.key" \
  --enable-aggregator-routing --profiling=false --shutdown-delay-duration 0s
wait_for ctr version
"$here/pack-image.sh" "$pause_image" "$CLUSTER_BIN/pause" "$state/pause.tar"
for archive in "$state/pause.tar" ${IMAGES:-}; do
  ctr --namespace k8s.io images import "$archive" >>"$state/log/images.log" 2>&1
done
wait_for kubectl get --raw /readyz
start kube-controller-manager --kubeconfig "$KUBECONFIG" --leader-elect=false --bind-address 127.0.0.1 \
  --service-account-private-key-file "$pki/sa.key" --root-ca-file "$pki/ca.crt" \
  --cluster-signing-cert-file "$pki/ca.crt" --cluster-signing-key-file "$pki/ca.key" \
  --use-service-account-credentials=false --node-monitor-period 2s --kube-api-qps 500 --kube-api-burst 1000
start kube-scheduler --kubeconfig "$KUBECONFIG" --leader-elect=false --bind-address 127.0.0.1 --kube-api-qps 500 --kube-api-burst 1000
start kubelet --config "$state/kubelet.yaml" --kubeconfig "$pki/kubelet.conf" --hostname-override "$node" --node-ip "$node_ip" \
  --root-dir /var/lib/kubelet --cert-dir "$pki/kubelet"
start kube-proxy --config "$state/kube-proxy.yaml"
start coredns -conf "$state/Corefile"
wait_for kubectl get node "$node"
kubectl wait --for condition=Ready "node/$node" --timeout 60s >/dev/null
kubectl apply -f "$here/dns.yaml" >/dev/null
wait_for kubectl get serviceaccount default
echo "cluster: Kubernetes $(kubectl get node "$node" -o 'jsonpath={.status.nodeInfo.kubeletVersion}') is up after $SECONDS s" >&2
"$@"
