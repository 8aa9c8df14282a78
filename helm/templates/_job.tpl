{{/*
The Job of a run. Takes what onpoint.env takes, and "pipeline", "configMap", "files", "args".
A drain or an eviction costs no attempt; 1 (the run failed) and 2 (its configuration is wrong) do not heal by another.
*/}}
{{- define "onpoint.job" -}}
backoffLimit: {{ .values.backoffLimit }}
activeDeadlineSeconds: {{ .values.activeDeadlineSeconds }}
ttlSecondsAfterFinished: {{ .values.ttlSecondsAfterFinished }}
podReplacementPolicy: Failed
podFailurePolicy:
  rules:
    - action: Ignore
      onPodConditions:
        - type: DisruptionTarget
    - action: FailJob
      onExitCodes:
        containerName: coordinator
        operator: In
        values: [1, 2]
template:
  metadata:
    labels:
      {{- include "onpoint.labels" . | nindent 6 }}
      onpoint.dev/pipeline: {{ .pipeline }}
      {{- with .values.podLabels }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
    {{- with .values.podAnnotations }}
    annotations:
      {{- toYaml . | nindent 6 }}
    {{- end }}
  spec:
    restartPolicy: Never
    serviceAccountName: {{ include "onpoint.serviceAccountName" .root }}
    automountServiceAccountToken: false
    enableServiceLinks: false
    terminationGracePeriodSeconds: {{ .values.terminationGracePeriodSeconds }}
    securityContext:
      {{- include "onpoint.podSecurity" .root | nindent 6 }}
    {{- with include "onpoint.scheduling" . | trim }}
    {{- . | nindent 4 }}
    {{- end }}
    containers:
      - name: coordinator
        image: {{ include "onpoint.image" (dict "root" .root "image" .root.Values.image "tag" .root.Chart.AppVersion) }}
        imagePullPolicy: {{ .root.Values.image.pullPolicy }}
        args:
          - coordinator
          - /etc/onpoint/pipeline/pipeline.yaml
          {{- range .args }}
          - {{ . | quote }}
          {{- end }}
        env:
          {{- include "onpoint.env" . | nindent 10 }}
        {{- with include "onpoint.envFrom" .root }}
        envFrom:
          {{- . | trim | nindent 10 }}
        {{- end }}
        ports:
          - name: health
            containerPort: 8080
        {{- include "onpoint.probes" .root | nindent 8 }}
        resources:
          {{- toYaml .values.resources | nindent 10 }}
        securityContext:
          {{- include "onpoint.containerSecurity" .root | nindent 10 }}
        volumeMounts:
          {{- include "onpoint.mounts" . | nindent 10 }}
          - name: pipeline
            mountPath: /etc/onpoint/pipeline
            readOnly: true
        terminationMessagePolicy: FallbackToLogsOnError
    volumes:
      {{- include "onpoint.volumes" . | nindent 6 }}
      - name: pipeline
        configMap:
          name: {{ .configMap }}
          items:
            - key: pipeline.yaml
              path: pipeline.yaml
            {{- range $path, $_ := .files }}
            - key: {{ $path | replace "/" "__" }}
              path: {{ $path }}
            {{- end }}
{{- end -}}
