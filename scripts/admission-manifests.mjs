// Writes what of the webhook's manifests follows from something else: the rules of admission from the tables of src/workload, and
// the Kustomize base from the Helm chart. Run it after a change of either: npm run build && node scripts/admission-manifests.mjs
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isMap, parseAllDocuments, stringify } from 'yaml';

const ROOT = new URL('../', import.meta.url);
const CHART = fileURLToPath(new URL('admission-webhook/helm/assay-admission', ROOT));
const KUSTOMIZE = new URL('admission-webhook/kustomize/', ROOT);
/** Where the base puts everything. */
const NAMESPACE = 'assay';
export const NOTE = '# Written by scripts/admission-manifests.mjs from the Helm chart.\n';

/** Kinds that live in no namespace. */
const CLUSTER_KINDS = new Set(['ClusterServingRuntime', 'LocalModelCache', 'ClusterBaseModel', 'FineTunedWeight']);
/** Kinds whose plural is not their name with an s. */
const PLURALS = { Bento: 'bentoes' };

/** The rules of admission for every kind of the tables: `namespaced` and `cluster`, as in a webhook configuration. */
export function rulesOf(podSpecs, fields) {
  const kinds = new Map();
  for (const { group, kinds: names } of [...podSpecs, ...fields]) {
    for (const kind of names) kinds.set(`${group}/${kind}`, { group, kind });
  }
  const of = (scope) => {
    const groups = new Map();
    for (const { group, kind } of kinds.values()) {
      if (CLUSTER_KINDS.has(kind) !== (scope === 'Cluster')) continue;
      groups.set(group, [...(groups.get(group) ?? []), PLURALS[kind] ?? `${kind.toLowerCase()}s`]);
    }
    return [...groups].map(([group, resources]) => rule(group, resources.sort(), ['CREATE', 'UPDATE'], scope));
  };
  // A container that is added to a Pod that runs is an update of this.
  const ephemeral = rule('', ['pods/ephemeralcontainers'], ['UPDATE'], 'Namespaced');
  return { namespaced: [...of('Namespaced'), ephemeral], cluster: of('Cluster') };
}

function rule(group, resources, operations, scope) {
  return { apiGroups: [group], apiVersions: ['*'], operations, resources, scope };
}

/** One rule a line. */
function rulesText(rules) {
  return Object.entries(rules)
    .map(([name, list]) => `${name}:\n${list.map((one) => `  - ${JSON.stringify(one)}\n`).join('')}`)
    .join('');
}

/** Objects that Helm renders, as parsed documents with their comments, without what Helm says of itself. */
function helmDocuments(sets = []) {
  const built = fileURLToPath(new URL('.cache/helm/helm', ROOT));
  const values = sets.flatMap((value) => ['--set', value]);
  const args = [
    'template',
    'assay-admission',
    CHART,
    '--namespace',
    NAMESPACE,
    '--no-hooks',
    '--kube-version',
    '1.34.0',
    ...values,
  ];
  const { status, stdout, stderr } = spawnSync(existsSync(built) ? built : 'helm', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`helm template: ${stderr}`);
  const documents = parseAllDocuments(stdout, YAML).filter(({ contents }) => isMap(contents));
  for (const document of documents) {
    for (const label of OF_HELM) document.deleteIn(['metadata', 'labels', label]);
    if (document.hasIn(['metadata', 'annotations', 'helm.sh/resource-policy']))
      document.deleteIn(['metadata', 'annotations']);
  }
  return documents;
}

/** The same as plain objects: what Kustomize has to come to as well. */
export function helmObjects(sets = []) {
  return helmDocuments(sets).map((document) => document.toJS());
}

/** Files of the Kustomize base by name, from the chart as it comes. */
export function kustomizeBase() {
  const files = new Map();
  for (const document of helmDocuments()) {
    const file = `${FILES[document.get('kind')] ?? 'deployment'}.yaml`;
    files.set(file, [...(files.get(file) ?? []), document.toString(STYLE).replace(/^(---\n)?(# Source: .*\n)?/, '')]);
  }
  const texts = [...files].map(([name, parts]) => [name, parts.join('---\n')]);
  return new Map([...texts, ['kustomization.yaml', kustomization([...files.keys()].sort())]]);
}

/** Files of an overlay: what differs from the base when the chart is installed with other values. */
export function kustomizeOverlay(name) {
  const base = new Map(helmObjects().map((object) => [idOf(object), object]));
  const own = new Map(helmObjects(OVERLAYS[name]).map((object) => [idOf(object), object]));
  const patches = [];
  for (const [id, object] of base) {
    const { apiVersion, kind, metadata } = object;
    const other = own.get(id);
    const differs = other === undefined ? { $patch: 'delete' } : difference(object, other);
    if (differs === undefined) continue;
    const { metadata: changed, ...rest } = differs;
    const { namespace } = metadata;
    const place = { name: metadata.name, ...(namespace === undefined ? {} : { namespace }) };
    const text = stringify({ apiVersion, kind, metadata: { ...place, ...changed }, ...rest }, STYLE);
    const same = patches.filter(([file]) => file.startsWith(`patch-${kind.toLowerCase()}`)).length;
    patches.push([`patch-${kind.toLowerCase()}${same === 0 ? '' : `-${same + 1}`}.yaml`, text]);
  }
  const added = [...own].filter(([id]) => !base.has(id)).map(([, object]) => stringify(object, STYLE));
  // One file each: Kustomize before 5.7, as in kubectl 1.30 to 1.33, panics on a file with a patch that deletes beside others.
  const files = new Map(patches);
  if (added.length > 0) files.set('added.yaml', added.join('---\n'));
  const resources = ['../../base', ...(added.length > 0 ? ['added.yaml'] : [])];
  const more = patches.length > 0 ? { patches: patches.map(([path]) => ({ path })) } : {};
  return files.set('kustomization.yaml', kustomization(resources, more));
}

function kustomization(resources, more = {}) {
  const head = { apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization' };
  return stringify({ ...head, resources, ...more });
}

function idOf({ kind, metadata }) {
  return `${kind}/${metadata.name}`;
}

/** What a strategic merge patch has to say: objects by their fields, lists whole. */
function difference(from, to) {
  if (JSON.stringify(from) === JSON.stringify(to)) return undefined;
  const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isObject(from) || !isObject(to)) return to;
  const changed = Object.entries(to).map(([key, value]) => [key, difference(from[key], value)]);
  const gone = Object.keys(from).filter((key) => !(key in to));
  return Object.fromEntries([...changed.filter(([, value]) => value !== undefined), ...gone.map((key) => [key, null])]);
}

const OF_HELM = ['app.kubernetes.io/managed-by', 'helm.sh/chart'];
/** Kubernetes reads YAML 1.1: `off` is not text there, and 0440 is octal. */
const YAML = { version: '1.1' };
const STYLE = { ...YAML, lineWidth: 0, flowCollectionPadding: false };

/** Overlays, and the values of the chart that each stands for. */
export const OVERLAYS = {
  'all-except': ['gate.mode=all-except'],
  'cert-manager': ['tls.mode=cert-manager'],
  monitoring: ['metrics.serviceMonitor.enabled=true', 'metrics.rules.enabled=true', 'metrics.dashboard.enabled=true'],
};

const FILES = {
  ValidatingWebhookConfiguration: 'webhooks',
  MutatingWebhookConfiguration: 'webhooks',
  ValidatingAdmissionPolicy: 'guard',
  ValidatingAdmissionPolicyBinding: 'guard',
  NetworkPolicy: 'network',
  ConfigMap: 'state',
  Secret: 'state',
  ServiceAccount: 'rbac',
  ClusterRole: 'rbac',
  ClusterRoleBinding: 'rbac',
  Role: 'rbac',
  RoleBinding: 'rbac',
};

async function main() {
  const { POD_SPECS } = await import('../dist/src/workload/table/pod-specs.js');
  const { FIELDS } = await import('../dist/src/workload/table/fields.js');
  writeFileSync(
    `${CHART}/files/rules.yaml`,
    `# Written by scripts/admission-manifests.mjs from src/workload/table.\n${rulesText(rulesOf(POD_SPECS, FIELDS))}`,
  );
  writeFolder('base/', kustomizeBase());
  for (const name of Object.keys(OVERLAYS)) writeFolder(`overlays/${name}/`, kustomizeOverlay(name));
}

function writeFolder(folder, files) {
  const to = new URL(folder, KUSTOMIZE);
  mkdirSync(to, { recursive: true });
  for (const [name, text] of files) writeFileSync(new URL(name, to), NOTE + text);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
