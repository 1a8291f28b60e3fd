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
- {name: ASSAY_DATABASE_FILE, value: /etc/assay/secrets/database}
- {name: ASSAY_QUEUE_FILE, value: /etc/assay/secrets/queue}
- {name: ASSAY_SESSION_SECRET_FILE, value: /etc/assay/secrets/session}
- {name: ASSAY_APPROVAL_KEY, value: /etc/assay/secrets/approval-key}
- {name: ASSAY_PUBLIC_URL, value: {{ .Values.publicUrl | quote }}}
{{- if .Values.rules }}
- {name: ASSAY_RULES, value: /etc/assay/rules/rules.yaml}
{{- end }}
{{- range $name, $value := .Values.env }}
- {name: {{ $name }}, value: {{ $value | quote }}}
{{- end }}
{{- end }}

{{- define "assay.mounts" -}}
- {name: secrets, mountPath: /etc/assay/secrets, readOnly: true}
{{- if .Values.rules }}
- {name: rules, mountPath: /etc/assay/rules, readOnly: true}
{{- end }}
- {name: data, mountPath: /data}
- {name: tmp, mountPath: /tmp}
{{- end }}

{{- define "assay.volumes" -}}
- name: secrets
  secret: {secretName: {{ .Values.existingSecret }}, defaultMode: 0440}
{{- if .Values.rules }}
- name: rules
  configMap: {name: {{ include "assay.name" . }}-rules}
{{- end }}
- name: data
  persistentVolumeClaim: {claimName: {{ .Values.storage.existingClaim | default (printf "%s-data" (include "assay.name" .)) }}}
- name: tmp
  emptyDir: {sizeLimit: 2Gi}
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
checksum/settings: {{ toYaml (list .Values.env .Values.rules .Values.publicUrl) | sha256sum }}
{{- end }}
