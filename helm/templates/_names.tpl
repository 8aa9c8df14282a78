{{/* Names and labels. */}}

{{- define "onpoint.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* 30 characters at most: a CronJob's name may have 52, and carries the pipeline's. */}}
{{- define "onpoint.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 30 | trimSuffix "-" -}}
{{- else if contains (include "onpoint.name" .) .Release.Name -}}
{{- .Release.Name | trunc 30 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "onpoint.name" .) | trunc 30 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Selectors: never with a version. Takes (dict "root" $ "component" "crawl"). */}}
{{- define "onpoint.selector" -}}
app.kubernetes.io/name: {{ include "onpoint.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "onpoint.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{ include "onpoint.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: onpoint
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
{{- end -}}

{{/* Of (dict "root" $ "image" .Values.image "tag" default). */}}
{{- define "onpoint.image" -}}
{{- $registry := .root.Values.global.imageRegistry -}}
{{- $name := .image.repository -}}
{{- if $registry -}}{{- $name = printf "%s/%s" (trimSuffix "/" $registry) $name -}}{{- end -}}
{{- if .image.digest -}}
{{- printf "%s@%s" $name .image.digest -}}
{{- else -}}
{{- printf "%s:%s" $name (default .tag .image.tag) -}}
{{- end -}}
{{- end -}}

{{- define "onpoint.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "onpoint.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "onpoint.natsUrl" -}}
{{- if .Values.nats.url -}}
{{- .Values.nats.url -}}
{{- else -}}
nats://{{ include "onpoint.fullname" . }}-nats:4222
{{- end -}}
{{- end -}}

{{- define "onpoint.natsSecret" -}}
{{- default (printf "%s-nats-auth" (include "onpoint.fullname" .)) .Values.nats.auth.existingSecret -}}
{{- end -}}

{{- define "onpoint.credentialsSecret" -}}
{{- default (printf "%s-credentials" (include "onpoint.fullname" .)) .Values.credentials.existingSecret -}}
{{- end -}}
