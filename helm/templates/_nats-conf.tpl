{{/* The server's configuration. `sync_interval` bounds what a power failure can take; the lake has the last word anyway. */}}
{{- define "onpoint.natsConf" -}}
{{- $full := printf "%s-nats" (include "onpoint.fullname" .) -}}
{{- $servers := int .Values.nats.replicas -}}
server_name: $POD_NAME
listen: 0.0.0.0:4222
http: 0.0.0.0:8222
max_payload: 1048576
jetstream {
  store_dir: /data
  max_file_store: {{ .Values.nats.storage.maxBytes }}
  max_memory_store: 64MB
  sync_interval: 1s
}
authorization {
  token: $NATS_TOKEN
}
{{- if gt $servers 1 }}
cluster {
  name: {{ $full }}
  listen: 0.0.0.0:6222
  no_advertise: true
  routes: [
    {{- range $i := until $servers }}
    nats://{{ $full }}-{{ $i }}.{{ $full }}-peers:6222
    {{- end }}
  ]
}
{{- end }}
{{- end -}}
