{{- define "assay.name" -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end }}

{{- define "assay.labels" -}}
app.kubernetes.io/name: assay
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "assay.selector" -}}
app.kubernetes.io/name: assay
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "assay.image" -}}
{{- with .Values.image -}}
{{- if .digest }}{{ .repository }}@{{ .digest }}{{ else }}{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end }}
{{- end }}

{{/* No root, no capability, nothing to write to but what is mounted. */}}
{{- define "assay.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "assay.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{/* What the API and the workers are told. */}}
{{- define "assay.env" -}}
{{- range $name := list "ASSAY_DATABASE" "ASSAY_QUEUE" "ASSAY_SESSION_SECRET" "ASSAY_OIDC_CLIENT_SECRET" "ASSAY_KEY_PASSPHRASE" }}
{{- if hasKey $.Values.env $name }}
{{- fail (printf "\n\nenv.%s: a secret is not a value. Keep it in the Secret %s, and name its key: env.%s_FILE=/etc/assay/secrets/KEY" $name $.Values.existingSecret $name) }}
{{- end }}
{{- end }}
{{- range $name, $value := dict "ASSAY_DATABASE_FILE" "existingSecret" "ASSAY_QUEUE_FILE" "existingSecret" "ASSAY_SESSION_SECRET_FILE" "existingSecret" "ASSAY_APPROVAL_KEY" "existingSecret" "ASSAY_PUBLIC_URL" "publicUrl" "ASSAY_RULES" "rules" "ASSAY_TRUST" "trustConfigMap" "ASSAY_SUITES" "suites.volume" "ASSAY_DATASETS" "datasets.volume" "ASSAY_DATA" "storage" "ASSAY_LISTEN" "service" "ASSAY_METRICS_LISTEN" "metrics.port" "ASSAY_WORKERS" "worker.concurrency" "ASSAY_TENANT_WEIGHTS" "tenants.weights" "ASSAY_TENANT_MAX_RUNNING" "tenants.maxRunning" }}
{{- if hasKey $.Values.env $name }}
{{- fail (printf "\n\nenv.%s: the chart sets it itself. Set %s instead" $name $value) }}
{{- end }}
{{- end -}}
- {name: ASSAY_DATABASE_FILE, value: /etc/assay/secrets/database}
- {name: ASSAY_QUEUE_FILE, value: /etc/assay/secrets/queue}
{{- if not .isWorker }}
- {name: ASSAY_APPROVAL_KEY, value: /etc/assay/secrets/approval-key}
{{- end }}
- {name: ASSAY_PUBLIC_URL, value: {{ .Values.publicUrl | quote }}}
{{- if .Values.rules }}
- {name: ASSAY_RULES, value: /etc/assay/rules/rules.yaml}
{{- end }}
{{- if .Values.trustConfigMap }}
- {name: ASSAY_TRUST, value: /etc/assay/trust/trust.yaml}
{{- end }}
{{- if .Values.suites.volume }}
- {name: ASSAY_SUITES, value: /etc/assay/suites}
{{- end }}
{{- if .Values.datasets.volume }}
- {name: ASSAY_DATASETS, value: /datasets}
{{- end }}
{{- with .Values.tenants }}
{{- $weights := list }}
{{- range $name, $weight := .weights }}{{ $weights = append $weights (printf "%s=%d" $name (int $weight)) }}{{ end }}
{{- if $weights }}
- {name: ASSAY_TENANT_WEIGHTS, value: {{ join " " $weights | quote }}}
{{- end }}
{{- $running := list }}
{{- if .maxRunningOfOthers }}{{ $running = append $running (toString (int .maxRunningOfOthers)) }}{{ end }}
{{- range $name, $most := .maxRunning }}{{ $running = append $running (printf "%s=%d" $name (int $most)) }}{{ end }}
{{- if $running }}
- {name: ASSAY_TENANT_MAX_RUNNING, value: {{ join " " $running | quote }}}
{{- end }}
{{- end }}
{{- range $name, $value := .Values.env }}
{{- /* Workers sign nobody in. Helm writes large numbers as 1e+06, JSON does not. */}}
{{- if not (and $.isWorker (eq $name "ASSAY_OIDC_CLIENT_SECRET_FILE")) }}
- {name: {{ $name }}, value: {{ kindIs "string" $value | ternary $value (toJson $value) | quote }}}
{{- end }}
{{- end }}
{{- end }}

{{- define "assay.mounts" -}}
- {name: secrets, mountPath: /etc/assay/secrets, readOnly: true}
{{- if .Values.rules }}
- {name: rules, mountPath: /etc/assay/rules, readOnly: true}
{{- end }}
{{- if .Values.trustConfigMap }}
- {name: trust, mountPath: /etc/assay/trust, readOnly: true}
{{- end }}
{{- if .Values.suites.volume }}
- {name: suites, mountPath: /etc/assay/suites, readOnly: true}
{{- end }}
{{- if .Values.datasets.volume }}
- {name: datasets, mountPath: /datasets, readOnly: true}
{{- end }}
- {name: data, mountPath: /data}
- {name: tmp, mountPath: /tmp}
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "assay.volumes" -}}
- name: secrets
  secret: {secretName: {{ .Values.existingSecret }}, defaultMode: 0440}
{{ include "assay.otherVolumes" . }}
{{- end }}

{{/* A worker reads files of strangers: of the Secret it gets what it needs: not that of sessions, not that of the identity provider, no approval key. */}}
{{- define "assay.workerVolumes" -}}
{{- $keys := list "database" "queue" }}
{{- range $name, $value := .Values.env }}
{{- if and (kindIs "string" $value) (hasPrefix "/etc/assay/secrets/" $value) (ne $name "ASSAY_OIDC_CLIENT_SECRET_FILE") (not (has $value (list "/etc/assay/secrets/approval-key" "/etc/assay/secrets/session"))) }}
{{- $keys = append $keys (trimPrefix "/etc/assay/secrets/" $value) }}
{{- end }}
{{- end }}
- name: secrets
  secret:
    secretName: {{ .Values.existingSecret }}
    defaultMode: 0440
    items:
      {{- range uniq $keys }}
      - {key: {{ . }}, path: {{ . }}}
      {{- end }}
{{ include "assay.otherVolumes" . }}
{{- end }}

{{- define "assay.otherVolumes" -}}
- name: data
  persistentVolumeClaim: {claimName: {{ .Values.storage.existingClaim | default (printf "%s-data" (include "assay.name" .)) }}}
{{- if .Values.rules }}
- name: rules
  configMap: {name: {{ include "assay.name" . }}-rules}
{{- end }}
{{- if .Values.trustConfigMap }}
- name: trust
  configMap: {name: {{ .Values.trustConfigMap }}}
{{- end }}
{{- with .Values.suites.volume }}
- name: suites
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.datasets.volume }}
- name: datasets
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "assay.spread" -}}
- maxSkew: 1
  topologyKey: kubernetes.io/hostname
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels: {{- include "assay.selector" . | nindent 6 }}
{{- end }}

{{/* A rule replaces its pods when what it was told changes. */}}
{{- define "assay.checksums" -}}
checksum/settings: {{ toYaml (list .Values.env .Values.rules .Values.policies .Values.publicUrl .Values.tenants) | sha256sum }}
{{- end }}

{{/* Where temporary files lie: files that are fetched whole, and what archives expand to. */}}
{{- define "assay.scratch" -}}
- name: tmp
  {{- if .className }}
  # A disk of its own that can be full, which fails a scan; the node's takes the pod away.
  ephemeral:
    volumeClaimTemplate:
      spec:
        accessModes: [ReadWriteOnce]
        storageClassName: {{ .className }}
        resources:
          requests: {storage: {{ .size }}}
  {{- else }}
  emptyDir: {sizeLimit: {{ .size }}}
  {{- end }}
{{- end }}

{{- define "assay.autoscaling" -}}
{{- if gt (int .scale.minReplicas) (int .scale.maxReplicas) }}
{{- fail (printf "\n\n%s.autoscaling: minReplicas is more than maxReplicas" .of) }}
{{- end -}}
minReplicas: {{ .scale.minReplicas }}
maxReplicas: {{ .scale.maxReplicas }}
{{- end }}
