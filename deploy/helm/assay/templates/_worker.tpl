{{/* A deployment of workers: root, component, args, resources, replicas (nil: an autoscaler's matter), and what a GPU needs. */}}
{{- define "assay.worker" -}}
{{- $root := .root }}
{{- $labels := include "assay.selector" . }}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "assay.name" $root }}-{{ .component }}
  labels: {{- include "assay.labels" $root | nindent 4 }}
spec:
  {{- if not (kindIs "invalid" .replicas) }}
  replicas: {{ .replicas }}
  {{- end }}
  selector:
    matchLabels: {{- $labels | nindent 6 }}
  template:
    metadata:
      labels: {{- $labels | nindent 8 }}
      annotations: {{- include "assay.checksums" $root | nindent 8 }}
    spec:
      serviceAccountName: {{ include "assay.name" $root }}
      automountServiceAccountToken: false
      enableServiceLinks: false
      {{- with $root.Values.imagePullSecrets }}
      imagePullSecrets: {{- toYaml . | nindent 8 }}
      {{- end }}
      securityContext: {{- include "assay.podSecurity" $root | nindent 8 }}
      # A worker lets what runs end for 20 seconds, then hands it back.
      terminationGracePeriodSeconds: 45
      topologySpreadConstraints: {{- include "assay.spread" . | nindent 8 }}
      {{- with .priorityClassName }}
      priorityClassName: {{ . }}
      {{- end }}
      {{- with .nodeSelector }}
      nodeSelector: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .nodeAffinity }}
      affinity:
        nodeAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
            nodeSelectorTerms:
              - matchExpressions: {{- toYaml . | nindent 18 }}
      {{- end }}
      {{- with .tolerations }}
      tolerations: {{- toYaml . | nindent 8 }}
      {{- end }}
      containers:
        - name: worker
          image: {{ include "assay.image" $root }}
          imagePullPolicy: {{ $root.Values.image.pullPolicy }}
          args: {{- toYaml .args | nindent 12 }}
          env: {{- include "assay.env" (merge (dict "isWorker" true) $root) | nindent 12 }}
          resources: {{- toYaml .resources | nindent 12 }}
          securityContext: {{- include "assay.containerSecurity" $root | nindent 12 }}
          volumeMounts: {{- include "assay.mounts" $root | nindent 12 }}
      volumes:
        {{- include "assay.workerVolumes" $root | nindent 8 }}
        {{- include "assay.scratch" $root.Values.worker.scratch | nindent 8 }}
{{- end }}
