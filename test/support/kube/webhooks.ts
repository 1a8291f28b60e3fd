import { until } from '../until.ts';
import { type KubeObject, ML_KINDS } from './kinds.ts';
import type { RestClient } from './rest.ts';

const GROUP = 'admissionregistration.k8s.io/v1';

export interface WebhookOptions {
  /** `https://127.0.0.1:PORT/validate`. */
  readonly url: string;
  /** PEM of the CA that signed the server's certificate. */
  readonly caBundle: string;
  /** `validating` when absent. */
  readonly type?: 'validating' | 'mutating';
  /** The name of the configuration, `gate` when absent; the webhook in it is `<name>.assay.dev`. */
  readonly name?: string;
  /** `Fail` when absent. */
  readonly failurePolicy?: 'Fail' | 'Ignore';
  /** 3 when absent. */
  readonly timeoutSeconds?: number;
  /** Every namespace but `kube-system` when absent. */
  readonly namespaceSelector?: unknown;
  /** By default, creation and update of kinds that can name a model, and of ephemeral containers. */
  readonly rules?: readonly unknown[];
  /** Other fields of the webhook: `matchConditions`, `objectSelector`, `reinvocationPolicy`. */
  readonly more?: Readonly<Record<string, unknown>>;
}

export interface InstalledWebhook {
  /** Path of the configuration. */
  readonly path: string;
  remove(): Promise<void>;
}

const OPERATIONS = ['CREATE', 'UPDATE'];

export const MODEL_RULES: readonly unknown[] = [
  rule('', ['pods', 'pods/ephemeralcontainers', 'podtemplates', 'replicationcontrollers']),
  rule('apps', ['deployments', 'statefulsets', 'daemonsets', 'replicasets']),
  rule('batch', ['jobs', 'cronjobs']),
  ...[...new Set(ML_KINDS.map(({ group }) => group))].map((group) => {
    return rule(
      group,
      ML_KINDS.filter((one) => one.group === group).map(({ plural }) => plural),
    );
  }),
];

function rule(group: string, resources: readonly string[]): unknown {
  return { apiGroups: [group], apiVersions: ['*'], operations: OPERATIONS, resources, scope: '*' };
}

/** Registers a webhook (in place of one with the same name) and waits until the API server calls it. */
export async function installWebhook(rest: RestClient, options: WebhookOptions): Promise<InstalledWebhook> {
  const { type = 'validating', name = 'gate' } = options;
  const collection = `/apis/${GROUP}/${type}webhookconfigurations`;
  const path = `${collection}/${name}`;
  await put(rest, collection, configuration(type, name, webhookOf(name, options)));
  await untilSeen(rest, type);
  return {
    path,
    async remove() {
      await rest.request('DELETE', path);
      await untilSeen(rest, type);
    },
  };
}

function webhookOf(name: string, options: WebhookOptions): unknown {
  const { url, caBundle, failurePolicy = 'Fail', timeoutSeconds = 3, rules = MODEL_RULES, more } = options;
  const notSystem = { key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['kube-system'] };
  return {
    name: `${name}.assay.dev`,
    admissionReviewVersions: ['v1'],
    sideEffects: 'None',
    clientConfig: { url, caBundle: Buffer.from(caBundle).toString('base64') },
    failurePolicy,
    timeoutSeconds,
    rules,
    namespaceSelector: options.namespaceSelector ?? { matchExpressions: [notSystem] },
    ...more,
  };
}

function configuration(type: 'validating' | 'mutating', name: string, webhook: unknown): KubeObject {
  const kind = type === 'validating' ? 'ValidatingWebhookConfiguration' : 'MutatingWebhookConfiguration';
  return { apiVersion: GROUP, kind, metadata: { name }, webhooks: [webhook] };
}

async function put(rest: RestClient, collection: string, object: KubeObject): Promise<void> {
  const path = `${collection}/${String(object.metadata?.name)}`;
  const there = await rest.request('GET', path);
  const version = there.status === 200 ? { resourceVersion: there.body.metadata.resourceVersion } : {};
  const body = { ...object, metadata: { ...object.metadata, ...version } };
  const answer =
    there.status === 200 ? await rest.request('PUT', path, body) : await rest.request('POST', collection, body);
  if (answer.status >= 300) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
}

let waits = 0;

/**
 * The server applies configurations in the order of their changes: when a later one refuses what it should refuse,
 * the earlier ones apply, too.
 */
async function untilSeen(rest: RestClient, type: 'validating' | 'mutating'): Promise<void> {
  waits++;
  const name = `seen-${process.pid}-${waits}`;
  const collection = `/apis/${GROUP}/${type}webhookconfigurations`;
  const webhook = {
    name: `${name}.tests.assay.dev`,
    admissionReviewVersions: ['v1'],
    sideEffects: 'None',
    // Nothing listens there: a matching request fails.
    clientConfig: { url: 'https://127.0.0.1:1/' },
    failurePolicy: 'Fail',
    timeoutSeconds: 1,
    rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'], scope: '*' }],
    matchConditions: [{ name: 'mine', expression: `object.metadata.name == '${name}'` }],
  };
  await put(rest, collection, configuration(type, name, webhook));
  try {
    const probe = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } };
    await until('the API server goes by the webhook configuration', async () => {
      const { body } = await rest.request('POST', '/api/v1/namespaces/default/configmaps?dryRun=All', probe);
      return JSON.stringify(body).includes(webhook.name);
    });
  } finally {
    await rest.request('DELETE', `${collection}/${name}`);
  }
}
