export const ADMIT_GUIDE = `
Serving. The webhook answers a review from the snapshot in memory, without any request to others. It admits approved models, and
refuses denied, unlisted, unpinned and unresolved ones, with the command that corrects it. Labels of a namespace set its rules:
  assay.dev/admission: enforce | warn | audit | off      (default: enforce)
  assay.dev/stage: production                            (default: any stage)
An AdmissionConfig (--config) sets the action of each outcome, rules over requests, and mutation. Certificates, the
configuration, waivers and snapshots are reloaded when they change; if one cannot be read, the last good one stays in use, and
/metrics reports it. Bad input is answered "allowed: false" with a code, never with an HTTP error, which an API server may admit.

Restrict access to the API server: give --client-ca or --client-token-file (its --admission-control-config-file holds the rest),
or use a NetworkPolicy. GET /healthz, /readyz and /metrics need no token; GET /status is served at
--metrics-listen, and at the webhook port with the token of --client-token-file.

Examples:
  assay admit --explain -f manifest.yaml
  helm template . | assay admit --explain -f -
  assay admit --snapshot snapshot.json --snapshot-key snapshot.pub --listen 0.0.0.0:8443 --tls-cert tls.crt --tls-key tls.key
  assay admit --snapshot https://assay.example.com --snapshot-token-file token --snapshot-key snapshot.pub --state /var/lib/assay
      --listen 0.0.0.0:8443 --metrics-listen 127.0.0.1:8444 --self-signed --service assay-admission --namespace assay
      --webhook-config assay-admission --watch-namespaces --config admission.yaml
  assay admit --snapshot configmap://assay/snapshot/snapshot.json --floor configmap://assay/floor ...
  assay admit --snapshot oci://registry.example.com/assay/snapshot:latest ...
  assay admit --audit --snapshot snapshot.json --snapshot-key snapshot.pub --kubeconfig ~/.kube/config
  assay admit --audit --baseline baseline.yaml --snapshot snapshot.json --snapshot-key snapshot.pub
  assay admit --audit --proposals proposals.yaml --snapshot snapshot.json --snapshot-key snapshot.pub
  kubectl get pods,deployments -A -o json | assay admit --audit -f - --snapshot snapshot.json --snapshot-key snapshot.pub
  assay admit --fallback --snapshot snapshot.json --snapshot-key snapshot.pub -o fallback.yaml
  assay admit status

Exit codes: 0 explained, stopped by a signal, or --audit found nothing to refuse; 1 --audit found something to refuse;
2 could not read, start or ask.
`;

export const STATUS_GUIDE = `
Examples:
  assay admit status
  assay admit status --metrics-url http://10.0.0.7:8444 --format json
  assay admit status --url https://127.0.0.1:8443 --ca ca.crt --client-token-file token

Exit codes: 0 ready, 1 not ready (no snapshot, no certificate, or stopping), 2 no answer.
`;
