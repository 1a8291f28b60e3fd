{{/* What the program is told. */}}
{{- define "admission.args" -}}
{{- if and .Values.clients.required (not .Values.clients.tokenSecret) (not .Values.clients.caConfigMap) }}
{{- fail "clients: name clients.caConfigMap or clients.tokenSecret, by which the API server proves who it is" }}
{{- end }}
- admit
- --snapshot={{ .Values.snapshot.from }}
- --snapshot-key=/etc/assay/key/snapshot.pub
{{- if .Values.snapshot.tokenSecret }}
- --snapshot-token-file=/etc/assay/snapshot-token/token
{{- end }}
{{- with .Values.snapshot.tenant }}
- --tenant={{ . }}
{{- end }}
- --poll={{ .Values.snapshot.pollSeconds }}
- --state=/var/lib/assay
- --floor=configmap://{{ .Release.Namespace }}/{{ include "admission.floor" . }}
- --config=/etc/assay/config/admission.yaml
{{- if .Values.breakGlass.waiversConfigMap }}
- --break-glass=/etc/assay/waivers
- --break-glass-trust=/etc/assay/waiver-trust/trust.yaml
{{- end }}
- --watch-namespaces
- --namespace={{ .Release.Namespace }}
{{- with .Values.serviceUrl }}
- --service-url={{ . }}
{{- end }}
- --listen={{ .Values.listenHost }}:8443
- --metrics-listen={{ .Values.listenHost }}:8444
{{- if eq .Values.tls.mode "self-signed" }}
- --self-signed
- --service={{ include "admission.name" . }}
- --secret={{ include "admission.secret" . }}
- --webhook-config={{ include "admission.name" . }}
{{- else }}
- --tls-cert=/etc/assay/tls/tls.crt
- --tls-key=/etc/assay/tls/tls.key
{{- end }}
{{- if .Values.clients.tokenSecret }}
- --client-token-file=/etc/assay/client-token/token
{{- end }}
{{- if .Values.clients.caConfigMap }}
- --client-ca=/etc/assay/client-ca/ca.crt
{{- range .Values.clients.names }}
- --client-name={{ . }}
{{- end }}
{{- end }}
- --drain={{ .Values.drainSeconds }}
- --log={{ .Values.log }}
{{- end }}

{{/* Folders, not single files: what changes in them is seen. */}}
{{- define "admission.mounts" -}}
- {name: key, mountPath: /etc/assay/key, readOnly: true}
- {name: config, mountPath: /etc/assay/config, readOnly: true}
- {name: state, mountPath: /var/lib/assay}
{{- if .Values.snapshot.tokenSecret }}
- {name: snapshot-token, mountPath: /etc/assay/snapshot-token, readOnly: true}
{{- end }}
{{- if .Values.breakGlass.waiversConfigMap }}
- {name: waivers, mountPath: /etc/assay/waivers, readOnly: true}
- {name: waiver-trust, mountPath: /etc/assay/waiver-trust, readOnly: true}
{{- end }}
{{- if ne .Values.tls.mode "self-signed" }}
- {name: tls, mountPath: /etc/assay/tls, readOnly: true}
{{- end }}
{{- if .Values.clients.tokenSecret }}
- {name: client-token, mountPath: /etc/assay/client-token, readOnly: true}
{{- end }}
{{- if .Values.clients.caConfigMap }}
- {name: client-ca, mountPath: /etc/assay/client-ca, readOnly: true}
{{- end }}
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Upper and lower case: programs differ in which they read. */}}
{{- define "admission.env" -}}
{{- with .Values.proxy }}
{{- range $name, $value := dict "HTTP_PROXY" .http "HTTPS_PROXY" .https }}
{{- if $value }}
- {name: {{ $name }}, value: {{ $value | quote }}}
- {name: {{ lower $name }}, value: {{ $value | quote }}}
{{- end }}
{{- end }}
{{- if or .http .https }}
- {name: NO_PROXY, value: {{ .noProxy | quote }}}
- {name: no_proxy, value: {{ .noProxy | quote }}}
{{- end }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "admission.volumes" -}}
- name: key
  configMap: {name: {{ .Values.snapshot.keyConfigMap }}}
- name: config
  configMap: {name: {{ include "admission.config" . }}}
- name: state
  emptyDir: {sizeLimit: 256Mi}
{{- with .Values.snapshot.tokenSecret }}
- name: snapshot-token
  secret: {secretName: {{ . }}, defaultMode: 0440}
{{- end }}
{{- if .Values.breakGlass.waiversConfigMap }}
- name: waivers
  # Often there are none: it need not exist.
  configMap: {name: {{ .Values.breakGlass.waiversConfigMap }}, optional: true}
- name: waiver-trust
  configMap: {name: {{ required "breakGlass.trustConfigMap: name the ConfigMap with trust.yaml" .Values.breakGlass.trustConfigMap }}}
{{- end }}
{{- if ne .Values.tls.mode "self-signed" }}
- name: tls
  secret: {secretName: {{ include "admission.secret" . }}, defaultMode: 0440}
{{- end }}
{{- with .Values.clients.tokenSecret }}
- name: client-token
  secret: {secretName: {{ . }}, defaultMode: 0440}
{{- end }}
{{- with .Values.clients.caConfigMap }}
- name: client-ca
  configMap: {name: {{ . }}}
{{- end }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}
