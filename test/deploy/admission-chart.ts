import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { ROOT } from '../cli/run-cli.ts';
import type { KubeObject } from '../support/kube/index.ts';

export const CHART = join(ROOT, 'admission-webhook/helm/assay-admission');
const built = join(ROOT, '.cache/helm/helm');
export const HELM = existsSync(built) ? built : 'helm';
export const hasHelm = spawnSync(HELM, ['version'], { stdio: 'ignore' }).status === 0;
export const HELM_HOW = 'GOBIN=$PWD/.cache/helm go install helm.sh/helm/v3/cmd/helm@v3.18.6';

/** The namespace of the installation. A helm built from its sources assumes an old cluster version. */
export const AT = ['--namespace', 'assay', '--kube-version', '1.34.0'];

/** As values-first-look.yaml has them. */
export const FIRST_LOOK: readonly string[] = [
  'snapshot.from=configmap://assay/assay-snapshot/snapshot.json',
  'snapshot.tokenSecret=',
];

/** The tested sets of values. */
export const WAYS: Readonly<Record<string, readonly string[]>> = {
  'with its default values': [],
  'for a first look': FIRST_LOOK,
  'for every namespace, with mutation': [
    'gate.mode=all-except',
    'gate.exceptNamespaces={infra,monitoring}',
    'mutation.enabled=true',
    'config.mutation.pin=annotate',
    'snapshot.from=oci://registry.example.com/assay/snapshot:latest',
    'snapshot.tokenSecret=registry-token',
    'snapshot.tenant=acme',
    `image.digest=sha256:${'ab'.repeat(32)}`,
  ],
  'with cert-manager and monitoring': [
    'tls.mode=cert-manager',
    'metrics.serviceMonitor.enabled=true',
    'metrics.rules.enabled=true',
    'metrics.dashboard.enabled=true',
    'hubEgress.kind=cilium',
    'hubEgress.allowNames={registry.example.com}',
  ],
  'with existing secrets and ConfigMaps': [
    'tls.mode=existing',
    'tls.existingSecret=gate-tls',
    'tls.caBundle=-----BEGIN CERTIFICATE-----',
    'clients.tokenSecret=api-server',
    'clients.caConfigMap=api-server-ca',
    'clients.names={kube-apiserver}',
    'breakGlass.waiversConfigMap=waivers',
    'breakGlass.trustConfigMap=waiver-trust',
    'snapshot.from=https://assay.example.com',
    'serviceUrl=https://assay.example.com',
    'hubEgress.kind=kubernetes',
    'hubEgress.namespaces={ml,ml-dev}',
    'guard.subjects[0].kind=Group',
    'guard.subjects[0].name=platform',
    'guard.subjects[0].apiGroup=rbac.authorization.k8s.io',
    'gate.extraRules[0].apiGroups={example.com}',
    'gate.extraRules[0].apiVersions={*}',
    'gate.extraRules[0].operations={CREATE}',
    'gate.extraRules[0].resources={widgets}',
  ],
  'on the network of its machine, behind a proxy, with what a company adds': [
    'hostNetwork=true',
    'proxy.https=http://proxy.example.com:3128',
    'extraEnv[0].name=NODE_EXTRA_CA_CERTS',
    'extraEnv[0].value=/etc/company/ca.crt',
    'extraVolumes[0].name=company',
    'extraVolumes[0].configMap.name=company-ca',
    'extraVolumeMounts[0].name=company',
    'extraVolumeMounts[0].mountPath=/etc/company',
    'podAnnotations.example\\.com/team=platform',
    'podLabels.team=platform',
    'affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchFields[0].key=metadata.name',
    'affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchFields[0].operator=In',
    'affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchFields[0].values={a}',
  ],
};

/** Kinds of operators, which neither Kubernetes nor the test API server defines. */
export const FOREIGN = new Set([
  'Certificate',
  'Issuer',
  'ServiceMonitor',
  'PrometheusRule',
  'CiliumClusterwideNetworkPolicy',
]);

/** The objects that the chart renders. Kubernetes reads YAML 1.1. @throws Error with the message of Helm */
export function render(values: readonly string[], files: readonly string[] = []): KubeObject[] {
  const sets = [...files.flatMap((file) => ['-f', join(CHART, file)]), ...values.flatMap((value) => ['--set', value])];
  const { status, stdout, stderr } = spawnSync(HELM, ['template', 'assay-admission', CHART, ...AT, ...sets], {
    encoding: 'utf8',
  });
  if (status !== 0 || stderr !== '') throw new Error(`helm template: ${stderr}`);
  return objectsOf(stdout);
}

export function objectsOf(yaml: string): KubeObject[] {
  return parseAllDocuments(yaml, { version: '1.1' })
    .map((document): KubeObject | null => document.toJS())
    .filter((object) => object !== null);
}
