export const ADMIT_GUIDE = `
Serving. A review is answered from the snapshot in memory: nothing is asked while a Pod waits. Approved models start; what is
denied, unlisted, unpinned or cannot be told is refused, with the command that corrects it. Namespaces say by label what holds there:
  assay.dev/admission: enforce | warn | audit | off      (enforce, where nothing is said)
  assay.dev/stage: production                            (any stage, where nothing is said)
and an AdmissionConfig (--config) sets what each outcome leads to, rules over requests, and mutation. Certificates, the
configuration, waivers and snapshots are read again when they change; what cannot be read leaves the last good one in place, and
/metrics says so. Bad input is answered "allowed: false" with a code: never with an HTTP error, which an API server may take for a yes.

Only the API server should ask: give --client-ca or --client-token-file (its --admission-control-config-file holds the other half),
or keep others away with a NetworkPolicy. GET /healthz, /readyz and /metrics are open; GET /status is answered at
--metrics-listen, and at the webhook's own port to whoever shows the token of --client-token-file.

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
  kubectl get pods,deployments -A -o json | assay admit --audit -f - --snapshot snapshot.json --snapshot-key snapshot.pub
  assay admit --fallback --snapshot snapshot.json --snapshot-key snapshot.pub -o fallback.yaml
  assay admit status

Exit codes: 0 explained, served until it was told to end, or nothing would be refused; 1 --audit: something would be refused;
2 could not read, start or ask.
`;

export const STATUS_GUIDE = `
Examples:
  assay admit status
  assay admit status --metrics-url http://10.0.0.7:8444 --format json
  assay admit status --url https://127.0.0.1:8443 --ca ca.crt --client-token-file token

Exit codes: 0 it is ready, 1 it is not (no snapshot, no certificate, or it is ending), 2 it could not be asked.
`;
