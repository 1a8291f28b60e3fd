{{- define "admission.name" -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end }}

{{- define "admission.selector" -}}
app.kubernetes.io/name: assay-admission
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "admission.labels" -}}
{{ include "admission.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "admission.image" -}}
{{- with .Values.image -}}
{{- if .digest }}{{ .repository }}@{{ .digest }}{{ else }}{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end }}
{{- end }}

{{/* Names of objects that the program itself asks for. */}}
{{- define "admission.floor" -}}{{ include "admission.name" . }}-floor{{- end }}
{{- define "admission.config" -}}{{ include "admission.name" . }}-config{{- end }}
{{- define "admission.secret" -}}
{{- if eq .Values.tls.mode "existing" }}{{ required "tls.existingSecret: name the Secret" .Values.tls.existingSecret }}{{ else }}{{ include "admission.name" . }}-tls{{ end }}
{{- end }}

{{/* What both webhooks say of whom they are asked, and about what. Takes the root, and the path. */}}
{{- define "admission.webhook" -}}
{{- $root := .root -}}
admissionReviewVersions: [v1]
sideEffects: None
failurePolicy: {{ $root.Values.gate.failurePolicy }}
timeoutSeconds: {{ $root.Values.gate.timeoutSeconds }}
matchPolicy: Equivalent
clientConfig:
  service: {name: {{ include "admission.name" $root }}, namespace: {{ $root.Release.Namespace }}, port: 443, path: {{ .path }}}
  {{- with $root.Values.tls }}
  {{- if and (eq .mode "existing") .caBundle }}
  caBundle: {{ .caBundle | b64enc }}
  {{- end }}
  {{- end }}
matchConditions:
  # What is being deleted must be able to end, and labels and finalizers change nothing that runs: also while the webhook is down.
  - name: not-being-deleted
    expression: >-
      request.operation != 'UPDATE'
      || !has(object.metadata.deletionTimestamp) || !has(oldObject.metadata.deletionTimestamp)
  - name: not-only-metadata
    expression: >-
      request.operation != 'UPDATE'
      || object.exists(field, !(field in ['metadata', 'status']) && (!(field in oldObject) || object[field] != oldObject[field]))
      || oldObject.exists(field, !(field in ['metadata', 'status']) && !(field in object))
      || object.metadata.?annotations.orValue({}) != oldObject.metadata.?annotations.orValue({})
{{- end }}

{{/* Which namespaces the webhook covers. */}}
{{- define "admission.namespaces" -}}
matchExpressions:
  - key: kubernetes.io/metadata.name
    operator: NotIn
    values: {{ concat (list "kube-system" .Release.Namespace) (eq .Values.gate.mode "all-except" | ternary .Values.gate.exceptNamespaces list) | uniq | toJson }}
  # An unknown value is covered: the program enforces there.
  - {key: assay.dev/admission, operator: NotIn, values: ["off"]}
  {{- if eq .Values.gate.mode "opt-in" }}
  - {key: assay.dev/admission, operator: Exists}
  {{- end }}
{{- end }}

{{- define "admission.hasClusterKinds" -}}
{{- with .Values.gate -}}
{{- if or (eq .clusterKinds "always") (and (eq .clusterKinds "auto") (eq .mode "all-except")) }}true{{ end }}
{{- end -}}
{{- end }}

{{/* The list of webhooks of one configuration. Takes the root, the path, and whether objects are changed. */}}
{{- define "admission.webhooks" -}}
{{- $rules := .root.Files.Get "files/rules.yaml" | fromYaml -}}
- name: {{ .path | trimPrefix "/" }}.admission.assay.dev
  {{- include "admission.webhook" . | nindent 2 }}
  {{- if .mutates }}
  reinvocationPolicy: IfNeeded
  {{- end }}
  namespaceSelector: {{- include "admission.namespaces" .root | nindent 4 }}
  rules:
    {{- range concat $rules.namespaced .root.Values.gate.extraRules }}
    - {{ toJson . }}
    {{- end }}
{{- if include "admission.hasClusterKinds" .root }}
- name: {{ .path | trimPrefix "/" }}-cluster.admission.assay.dev
  {{- include "admission.webhook" . | nindent 2 }}
  {{- if .mutates }}
  reinvocationPolicy: IfNeeded
  {{- end }}
  rules:
    {{- range $rules.cluster }}
    - {{ toJson . }}
    {{- end }}
{{- end }}
{{- end }}

{{/* configmap://namespace/name/key of the snapshot, as a list; empty for other places. */}}
{{- define "admission.snapshotParts" -}}
{{- if hasPrefix "configmap://" .Values.snapshot.from }}{{ trimPrefix "configmap://" .Values.snapshot.from | splitList "/" | toJson }}{{ else }}[]{{ end }}
{{- end }}
