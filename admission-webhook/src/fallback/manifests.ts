import { stringify } from 'yaml';
import type { SnapshotDocument } from '../../../src/snapshot/index.ts';
import { type AllowlistOptions, allowlistOf } from './allowlist.ts';
import { type FallbackPolicy, fallbackPolicies } from './policies.ts';

export interface FallbackOptions extends AllowlistOptions {
  /** Where the allowlist lies. */
  readonly namespace: string;
}

export interface Fallback {
  /** Manifests of Kubernetes, in the order in which they are to be made. */
  readonly yaml: string;
  readonly references: number;
  readonly leftOut: readonly { readonly reference: string; readonly why: string }[];
}

const GROUP = 'admissionregistration.k8s.io/v1';
const LABEL = 'assay.dev/admission';
const MODES = { enforce: 'Deny', warn: 'Warn', audit: 'Audit' } as const;

/**
 * ValidatingAdmissionPolicies that refuse models which a snapshot does not approve, and the ConfigMap that they look into: what
 * the API server can do by itself, with no webhook.
 * @throws AssayError `limit` when the snapshot is too large for it
 */
export function fallbackManifests(document: SnapshotDocument, options: FallbackOptions): Fallback {
  const { stage, namespace } = options;
  const name = stage === undefined ? 'assay-fallback' : `assay-fallback-${stage}`;
  const { data, leftOut } = allowlistOf(document, options);
  const allowlist = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace, annotations: { 'assay.dev/snapshot-expires': document.expires } },
    data,
  };
  const objects = [allowlist, ...fallbackPolicies(stage).flatMap((policy) => objectsOf(policy, name, options))];
  const texts = objects.map((object) => stringify(object, { lineWidth: 0, version: '1.1' }));
  return {
    yaml: headOf(document, options) + texts.join('---\n'),
    references: Object.keys(data).filter((key) => !/^(?:sha256_c|snapshot-version)/.test(key)).length,
    leftOut,
  };
}

function objectsOf(policy: FallbackPolicy, allowlist: string, { stage, namespace }: FallbackOptions): object[] {
  const name = `${allowlist}-${policy.id}`;
  const bindings = Object.entries(MODES).map(([mode, action]) => ({
    apiVersion: GROUP,
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: { name: `${name}-${mode}` },
    spec: {
      policyName: name,
      validationActions: [action],
      // Without its list, nothing is approved.
      paramRef: { name: allowlist, namespace, parameterNotFoundAction: 'Deny' },
      matchResources: { namespaceSelector: { matchExpressions: selectorOf(mode, stage) } },
    },
  }));
  return [policyOf(policy, name), ...bindings];
}

function policyOf({ resources, variables, validations }: FallbackPolicy, name: string): object {
  return {
    apiVersion: GROUP,
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name },
    spec: {
      failurePolicy: 'Fail',
      paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
      matchConstraints: { matchPolicy: 'Equivalent', resourceRules: resources },
      matchConditions: [
        {
          name: 'changes-what-runs',
          expression:
            "request.operation != 'UPDATE' || (object.spec != oldObject.spec && !(has(object.metadata.deletionTimestamp) && has(oldObject.metadata.deletionTimestamp)))",
        },
      ],
      variables,
      validations,
    },
  };
}

/** A word that nobody knows is one more reason to refuse. */
function selectorOf(mode: string, stage: string | undefined): object[] {
  const isIn = (key: string, value: string) => ({ key, operator: 'In', values: [value] });
  const modes =
    mode === 'enforce'
      ? [
          { key: LABEL, operator: 'Exists' },
          { key: LABEL, operator: 'NotIn', values: ['warn', 'audit', 'off'] },
        ]
      : [isIn(LABEL, mode)];
  return stage === undefined ? modes : [...modes, isIn('assay.dev/stage', stage)];
}

const UNDERSTOOD = [
  'As the webhook does in production, it refuses, in every container: an image that is not approved by its digest; a program, an argument, a',
  'variable, a hook, a mount or a privilege that is in no table; interpreters, and scripts of more than commands that load nothing.',
  'It is stricter than the webhook. It also REFUSES, where the webhook may admit:',
  '- exceptions, baselines and waivers, and sealed images that are told or mount something;',
  '- llama.cpp, Triton, hf download, working folders, claims and volumes of the machine, folders for caches that are named;',
  '- starters (tini, dumb-init), redirections in scripts, HF_HUB_OFFLINE, and settings for programs of no table.',
];
const NOT_UNDERSTOOD = [
  'It has no postures: only --stage production writes them. It ADMITS, where the webhook refuses, or would for production:',
  '- every image, also one that nobody approved, and one that is named by a tag;',
  '- every program that it does not recognise, whatever it is told: shells whose script names no model, interpreters, scripts from volumes;',
  '- init containers, sidecars and hooks (postStart, probes) that fill a folder which a server reads;',
  '- caches and working folders that others write to, and variables such as LD_PRELOAD, PYTHONPATH, HF_HOME;',
  '- privileged containers, shared processes, other addresses of the Hub (hostAliases).',
  'Let only people deploy to these namespaces while it holds, or give RBAC to nobody.',
];

function headOf(document: SnapshotDocument, { stage }: FallbackOptions): string {
  const scope =
    stage === undefined
      ? 'Models that are approved for any stage may run in every namespace with the label assay.dev/admission.'
      : `Models that are approved for ${stage} may run in namespaces with the labels assay.dev/admission and assay.dev/stage=${stage}.`;
  const lines = [
    'Written by assay admit --fallback. Refuses models that are not approved, without a webhook.',
    `From snapshot ${document.version} of ${document.tenant}, issued ${document.issued}, good until ${document.expires}.`,
    scope,
    '',
    'It reads, in Pods and what makes Pods: the model and revision of vLLM, SGLang, TGI, TEI, the runtime of KServe, the Hugging Face',
    'toolkit and DJL, in arguments and variables; volumes that are images; the storage initializer and modelcars of KServe; and',
    'storageUri of an InferenceService. It refuses other forms of these, and other programs that are known to load models.',
    '',
    ...(stage === 'production' ? UNDERSTOOD : NOT_UNDERSTOOD),
    '',
    'It cannot detect:',
    '- namespaces without the label, even if the webhook covers every namespace: label them first;',
    '- that the snapshot has expired, or that a newer one revokes an approval: write and apply it again for every new snapshot;',
    '- your own programs that download models in their code, and programs that its patterns do not know;',
    '- custom resources other than those of KServe: only the Pods that they create;',
    '- more than about ten containers with fifty arguments each: past what the API server lets an expression cost, it refuses;',
    '- PersistentVolumeClaims and other volumes that no argument names as the folder of a model;',
    '- waivers for emergencies, rules of an AdmissionConfig, and which action an outcome leads to: here all of them deny.',
  ];
  return `${lines.map((line) => `# ${line}`.trimEnd()).join('\n')}\n`;
}
