{{/* What the pods of all roles share. Takes (dict "root" $ "role" "crawl" "values" .Values.crawl). */}}

{{- define "onpoint.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ .Values.podSecurityContext.runAsUser }}
runAsGroup: {{ .Values.podSecurityContext.runAsGroup }}
fsGroup: {{ .Values.podSecurityContext.fsGroup }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "onpoint.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
privileged: false
capabilities:
  drop: [ALL]
{{- end -}}

{{- define "onpoint.env" -}}
{{- $v := .root.Values -}}
- name: ONPOINT_NATS_URL
  value: {{ include "onpoint.natsUrl" .root | quote }}
{{- if or .root.Values.nats.auth.existingSecret (not .root.Values.nats.url) }}
- name: ONPOINT_NATS_TOKEN
  valueFrom:
    secretKeyRef:
      name: {{ include "onpoint.natsSecret" .root }}
      key: token
{{- end }}
{{- with $v.lake }}
- name: ONPOINT_LAKE
  value: {{ . | quote }}
{{- end }}
- name: ONPOINT_SHARDS
  value: {{ $v.shards | quote }}
- name: ONPOINT_STATE
  value: /var/lib/onpoint
- name: ONPOINT_SCRATCH
  value: /var/lib/onpoint/scratch
- name: ONPOINT_HEALTH_PORT
  value: "8080"
- name: ONPOINT_LOG_LEVEL
  value: {{ $v.logLevel | quote }}
{{- if $v.config }}
- name: ONPOINT_CONFIG
  value: /etc/onpoint/config/config.json
{{- end }}
{{- with .values.memoryMb }}
- name: ONPOINT_MEMORY_MB
  value: {{ . | quote }}
{{- end }}
- name: NODE_OPTIONS
  value: {{ printf "--max-old-space-size=%d%s" (int .values.heapMb) (ternary " --max-semi-space-size=32" "" (eq .role "crawl")) | quote }}
{{- with $v.s3.endpoint }}
- name: AWS_ENDPOINT_URL_S3
  value: {{ . | quote }}
{{- end }}
{{- with $v.s3.region }}
- name: AWS_REGION
  value: {{ . | quote }}
{{- end }}
{{- if not (kindIs "invalid" $v.s3.pathStyle) }}
- name: ONPOINT_S3_PATH_STYLE
  value: {{ $v.s3.pathStyle | quote }}
{{- end }}
{{- with $v.otel.endpoint }}
- name: OTEL_EXPORTER_OTLP_ENDPOINT
  value: {{ . | quote }}
- name: K8S_POD_NAME
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
- name: K8S_NAMESPACE_NAME
  valueFrom:
    fieldRef:
      fieldPath: metadata.namespace
- name: OTEL_RESOURCE_ATTRIBUTES
  value: k8s.pod.name=$(K8S_POD_NAME),k8s.namespace.name=$(K8S_NAMESPACE_NAME)
{{- end }}
{{- range $name, $value := $v.settings }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- with $v.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- with .values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "onpoint.envFrom" -}}
{{- if or .Values.credentials.existingSecret .Values.credentials.values }}
- secretRef:
    name: {{ include "onpoint.credentialsSecret" . }}
{{- end }}
{{- range .Values.credentials.extraSecrets }}
- secretRef:
    name: {{ . }}
{{- end }}
{{- end -}}

{{- define "onpoint.probes" -}}
startupProbe:
  httpGet: { path: /ready, port: health }
  periodSeconds: 1
  timeoutSeconds: 5
  failureThreshold: 120
livenessProbe:
  httpGet: { path: /live, port: health }
  periodSeconds: 20
  timeoutSeconds: 10
  failureThreshold: 6
readinessProbe:
  httpGet: { path: /ready, port: health }
  periodSeconds: 5
  timeoutSeconds: 5
  failureThreshold: 6
{{- end -}}

{{- define "onpoint.mounts" -}}
- name: tmp
  mountPath: /tmp
- name: scratch
  mountPath: /var/lib/onpoint
{{- if .root.Values.config }}
- name: config
  mountPath: /etc/onpoint/config
  readOnly: true
{{- end }}
{{- with .values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "onpoint.volumes" -}}
- name: tmp
  emptyDir:
    sizeLimit: 256Mi
- name: scratch
{{- if .values.scratch.storageClassName }}
  ephemeral:
    volumeClaimTemplate:
      spec:
        accessModes: [ReadWriteOnce]
        storageClassName: {{ .values.scratch.storageClassName }}
        resources:
          requests:
            storage: {{ .values.scratch.size }}
{{- else }}
  emptyDir:
    sizeLimit: {{ .values.scratch.size }}
{{- end }}
{{- if .root.Values.config }}
- name: config
  configMap:
    name: {{ include "onpoint.fullname" .root }}-config
{{- end }}
{{- with .values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Scheduling of a pod: where, with what priority, spread over zones and nodes. */}}
{{- define "onpoint.scheduling" -}}
{{- with .values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "onpoint.spread" -}}
topologySpreadConstraints:
{{- range $key := list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
  - maxSkew: 1
    topologyKey: {{ $key }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "onpoint.selector" $ | nindent 8 }}
{{- end }}
{{- end -}}

{{/* Changes when the configuration or the credentials do, so that pods are replaced. */}}
{{- define "onpoint.checksums" -}}
checksum/config: {{ toJson .Values.config | sha256sum }}
checksum/credentials: {{ toJson .Values.credentials | sha256sum }}
{{- end -}}
