#!/bin/bash
# One authority, a serving certificate, three clients (admin, kubelet, aggregator), a key for tokens of service accounts; all in
# the folder $1, for the node $2 at the address $3 and services from $4 on.
set -euo pipefail
cd "$1"
node=$2 node_ip=$3 first_service_ip=$4
quiet() { openssl "$@" 2>>openssl.log; }
key() { quiet ecparam -name prime256v1 -genkey -noout -out "$1"; }
key ca.key
quiet req -x509 -new -key ca.key -subj /CN=test-cluster -days 30 -out ca.crt \
  -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign,digitalSignature
certificate() { # name, subject, extensions
  key "$1.key"
  quiet req -new -key "$1.key" -subj "$2" -out "$1.csr"
  quiet x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -out "$1.crt" -extfile <(echo "$3")
}
names=DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local
certificate apiserver /CN=kube-apiserver "subjectAltName=$names,IP:127.0.0.1,IP:$node_ip,IP:$first_service_ip"
certificate admin /O=system:masters/CN=admin extendedKeyUsage=clientAuth
certificate kubelet "/O=system:nodes/CN=system:node:$node" extendedKeyUsage=clientAuth
certificate front /CN=front-proxy-client extendedKeyUsage=clientAuth
quiet genrsa -out sa.key 2048
quiet rsa -in sa.key -pubout -out sa.pub
for client in admin kubelet; do
  cat >"$client.conf" <<Y
apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "https://127.0.0.1:6443", certificate-authority: $PWD/ca.crt}}]
users: [{name: u, user: {client-certificate: $PWD/$client.crt, client-key: $PWD/$client.key}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
current-context: x
Y
done
