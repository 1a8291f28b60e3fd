import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../free-port.ts';
import { until } from '../until.ts';
import { API_SERVER, ETCD, KUBE_HOW } from './binaries.ts';
import { type CertifiedKey, ClientAuthority, writeServiceAccountKey } from './certificates.ts';
import { collectionPath, crdFor, type KubeObject, ML_KINDS, type MlKind } from './kinds.ts';
import { type KubeAnswer, type RequestOptions, RestClient } from './rest.ts';
import { ServerProcess } from './server-process.ts';
import { type InstalledWebhook, installWebhook, type WebhookOptions } from './webhooks.ts';

export interface KubeOptions {
  /** Users of the token file besides `admin` (of `system:masters`): `alice`, or with groups. */
  readonly users?: readonly { readonly name: string; readonly groups?: readonly string[] }[];
  /**
   * How the API server authenticates to every webhook: a user of a kubeconfig, `{ token }`, or `{ 'client-certificate-data',
   * 'client-key-data' }` in base64.
   */
  readonly webhookUser?: Readonly<Record<string, string>>;
  /** Writes an audit log: the requests that the policy selects, or all at the level `Metadata` with `true`. */
  readonly audit?: true | KubeObject;
  /** Further flags of the API server. */
  readonly flags?: readonly string[];
}

export interface CreateOptions extends RequestOptions {
  /** `default`, if it is absent and the object names none. */
  readonly namespace?: string;
  readonly dryRun?: boolean;
}

/** An RBAC rule for resources. */
export interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

/** A kube-apiserver with an etcd, both on 127.0.0.1, without controllers, scheduler and kubelet. */
export class RunningKube {
  /** `https://127.0.0.1:PORT`. */
  readonly server: string;
  /** PEM of the authority of the API server's certificate. */
  ca = '';
  readonly folder: string;
  readonly #ports: { readonly api: number; readonly etcd: number; readonly peers: number };
  readonly #options: KubeOptions;
  readonly #tokens: ReadonlyMap<string, string>;
  readonly #clients: ClientAuthority;
  #rest: RestClient | undefined;
  #etcd: ServerProcess | undefined;
  #api: ServerProcess | undefined;

  private constructor(folder: string, ports: readonly number[], options: KubeOptions) {
    const [api = 0, etcd = 0, peers = 0] = ports;
    this.folder = folder;
    this.#ports = { api, etcd, peers };
    this.#options = options;
    this.server = `https://127.0.0.1:${api}`;
    this.#tokens = new Map(['admin', ...(options.users ?? []).map(({ name }) => name)].map((n) => [n, `token-${n}`]));
    this.#clients = new ClientAuthority(folder);
    this.#writeFiles();
  }

  static async start(options: KubeOptions = {}): Promise<RunningKube> {
    const folder = mkdtempSync(join(tmpdir(), 'assay-kube-'));
    try {
      const kube = new RunningKube(folder, [await freePort(), await freePort(), await freePort()], options);
      await kube.up();
      return kube;
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** Sends a request to the API server; no status is an error. */
  request(method: Method, path: string, body?: unknown, options: RequestOptions = {}): Promise<KubeAnswer> {
    if (this.#rest === undefined) throw new Error('the API server is down');
    return this.#rest.request(method, path, body, options);
  }

  /** Creates an object of a kind in `kinds.ts`; no status is an error. */
  create(object: KubeObject, options: CreateOptions = {}): Promise<KubeAnswer> {
    const own = object.metadata?.namespace;
    const namespace = options.namespace ?? (typeof own === 'string' ? own : 'default');
    const path = collectionPath(object.apiVersion, object.kind, namespace);
    return this.request('POST', options.dryRun === true ? `${path}?dryRun=All` : path, object, options);
  }

  /** Creates objects, each of which must be accepted, and waits until the API server applies them. */
  async createAll(objects: readonly KubeObject[], options: CreateOptions = {}): Promise<void> {
    await this.#createEach(objects, options);
    if (objects.some(({ kind }) => /^(?:Cluster)?Role(?:Binding)?$/.test(kind))) await this.#untilRightsHold();
    if (objects.some(({ kind }) => /^ValidatingAdmissionPolicy/.test(kind))) await this.#untilPoliciesHold();
  }

  createNamespace(name: string, labels: Readonly<Record<string, string>> = {}): Promise<void> {
    return this.createAll([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } }]);
  }

  async installWebhook(options: WebhookOptions): Promise<InstalledWebhook> {
    if (this.#rest === undefined) throw new Error('the API server is down');
    return installWebhook(this.#rest, options);
  }

  /** Defines custom resources, by default all that can name a model, and waits until they are served. */
  async installCrds(kinds: readonly MlKind[] = ML_KINDS): Promise<void> {
    await this.createAll(kinds.map((k) => crdFor(k.group, k.version, k.kind, k.plural, k.scope)));
    for (const { group, version, plural } of kinds) {
      await this.#until(`${plural}.${group} is served`, async () => {
        return (await this.request('GET', `/apis/${group}/${version}/${plural}?limit=1`)).status === 200;
      });
    }
  }

  /**
   * Grants a user (or `system:serviceaccount:NS:NAME`) RBAC rules, in a namespace or in the whole cluster, and waits until
   * they apply.
   */
  async grant(user: string, rules: readonly PolicyRule[], namespace?: string): Promise<void> {
    const suffix = namespace === undefined ? 'Cluster' : '';
    const name = `${user}-${this.#nextName()}`.replace(/[^a-z0-9-]/g, '-');
    const apiVersion = 'rbac.authorization.k8s.io/v1';
    const apiGroup = 'rbac.authorization.k8s.io';
    const roleRef = { apiGroup, kind: `${suffix}Role`, name };
    const subjects = [{ apiGroup, kind: 'User', name: user }];
    const options = namespace === undefined ? {} : { namespace };
    await this.#createEach(
      [
        { apiVersion, kind: `${suffix}Role`, metadata: { name }, rules },
        { apiVersion, kind: `${suffix}RoleBinding`, metadata: { name }, roleRef, subjects },
      ],
      options,
    );
    await this.#until(`${user} may do what was granted`, async () => {
      const asked = rules.map((rule) => this.#may(user, rule, namespace));
      return (await Promise.all(asked)).every((may) => may);
    });
  }

  /** Creates a service account if it does not exist, and a token for it, valid for an hour or until the account is deleted. */
  async serviceAccountToken(namespace: string, name: string): Promise<string> {
    const made = await this.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name } }, { namespace });
    if (made.status !== 409) taken(made, `ServiceAccount ${name}`);
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
    const spec = { expirationSeconds: 3600 };
    const tokenRequest = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec };
    return taken(await this.request('POST', path, tokenRequest), `a token of ${name}`).body.status.token;
  }

  /** The bearer token of a user of the token file. */
  token(user = 'admin'): string {
    return this.#tokens.get(user) ?? '';
  }

  /** A key and a certificate that the API server accepts for a user in groups. */
  clientCertificate(user: string, groups: readonly string[] = []): CertifiedKey {
    return this.#clients.issue(user, groups);
  }

  /** The path of a kubeconfig with which `kubectl` and others act as a user, or with the given fields of a user. */
  kubeconfig(as: string | Readonly<Record<string, unknown>> = 'admin', namespace = 'default'): string {
    const user = typeof as === 'string' ? { token: this.token(as) } : as;
    const cluster = { server: this.server, 'certificate-authority-data': Buffer.from(this.ca).toString('base64') };
    const file = join(this.folder, `kubeconfig-${this.#nextName()}`);
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'tests', cluster }],
      users: [{ name: 'me', user }],
      contexts: [{ name: 'tests', context: { cluster: 'tests', user: 'me', namespace } }],
      'current-context': 'tests',
    };
    writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
    return file;
  }

  /** The audit log so far, in complete lines; the last events can still be missing. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into events of any shape
  auditEvents(): readonly any[] {
    const text = readFileSync(join(this.folder, 'audit.log'), 'utf8');
    return text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  }

  /** Compacts the history: older resource versions and page tokens are gone (410). */
  async compact(): Promise<void> {
    const { header } = await this.#askEtcd('range', { key: Buffer.from('/').toString('base64') });
    await this.#askEtcd('compaction', { revision: header.revision });
  }

  /** Deletes an object in etcd, also while the API server is down: `configmaps/default/name`. */
  async deleteInEtcd(path: string): Promise<void> {
    const { deleted } = await this.#askEtcd('deleterange', {
      key: Buffer.from(`/registry/${path}`).toString('base64'),
    });
    if (deleted !== '1') throw new Error(`etcd has no ${path}`);
  }

  /** Starts both with their data, also again after `down`. */
  async up(): Promise<void> {
    const { etcd } = this.#ports;
    this.#etcd ??= new ServerProcess(program(ETCD), this.#etcdArgs(), join(this.folder, 'etcd.log'));
    try {
      await this.#until('etcd answers', async () => {
        this.#etcd?.check();
        return (await fetch(`http://127.0.0.1:${etcd}/health`)).ok;
      });
      this.#api = new ServerProcess(program(API_SERVER), this.#apiArgs(), join(this.folder, 'api.log'));
      await this.#until('the API server is ready', () => this.#isReady());
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Kills the API server, as when its machine fails; etcd continues. */
  async down(): Promise<void> {
    await this.#rest?.close();
    this.#rest = undefined;
    await this.#api?.end('SIGKILL');
    this.#api = undefined;
  }

  async restart(): Promise<void> {
    await this.down();
    await this.up();
  }

  /** Lets the API server accept connections without answering, until `thaw`. */
  freeze(): void {
    this.#api?.pause('SIGSTOP');
  }

  thaw(): void {
    this.#api?.pause('SIGCONT');
  }

  async stop(): Promise<void> {
    await this.down();
    await this.#etcd?.end('SIGKILL');
    this.#etcd = undefined;
    rmSync(this.folder, { recursive: true, force: true });
  }

  // biome-ignore lint/suspicious/noExplicitAny: answers of several shapes
  async #askEtcd(what: string, body: unknown): Promise<any> {
    const address = `http://127.0.0.1:${this.#ports.etcd}/v3/kv/${what}`;
    const answer = await fetch(address, { method: 'POST', body: JSON.stringify(body) });
    if (answer.ok) return answer.json();
    throw new Error(`etcd: ${answer.status} ${await answer.text()}`);
  }

  async #isReady(): Promise<boolean> {
    this.#api?.check();
    this.ca = readFileSync(join(this.folder, 'apiserver.crt'), 'utf8');
    const rest = new RestClient(this.server, this.ca, this.#tokens);
    try {
      const ready = (await rest.request('GET', '/readyz')).status === 200;
      // The namespace `default` is created a little later.
      const namespaced = ready && (await rest.request('GET', '/api/v1/namespaces/default')).status === 200;
      if (!namespaced) return false;
      this.#rest = rest;
      return true;
    } finally {
      if (this.#rest !== rest) await rest.close();
    }
  }

  async #createEach(objects: readonly KubeObject[], options: CreateOptions = {}): Promise<void> {
    for (const object of objects) taken(await this.create(object, options), `${object.kind} ${object.metadata?.name}`);
  }

  /** The server applies roles and bindings in the order of their changes: when a later one applies, the earlier ones do, too. */
  async #untilRightsHold(): Promise<void> {
    const user = `later-${this.#nextName()}`;
    const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get'] }];
    await this.grant(user, rules, 'default');
    await this.grant(`${user}-cluster`, rules);
  }

  /** The server applies policies all at once, every second: when a later one refuses, the earlier ones apply, too. */
  async #untilPoliciesHold(): Promise<void> {
    const name = `later-${this.#nextName()}`;
    const apiVersion = 'admissionregistration.k8s.io/v1';
    const kind = 'ValidatingAdmissionPolicy';
    const resourceRules = [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }];
    const validations = [{ expression: `object.metadata.name != '${name}'` }];
    await this.#createEach([
      { apiVersion, kind, metadata: { name }, spec: { matchConstraints: { resourceRules }, validations } },
      {
        apiVersion,
        kind: `${kind}Binding`,
        metadata: { name },
        spec: { policyName: name, validationActions: ['Deny'] },
      },
    ]);
    const probe = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } };
    await this.#until('policies are gone by', async () => {
      const { status, body } = await this.create(probe, { namespace: 'default', dryRun: true });
      return status === 422 && String(body.message).includes(name);
    });
    for (const path of [`${kind.toLowerCase()}bindings`, 'validatingadmissionpolicies'])
      await this.request('DELETE', `/apis/${apiVersion}/${path}/${name}`);
  }

  /** Whether the authorizer, which receives roles a little later than they are stored, allows the first action of a rule. */
  async #may(user: string, rule: PolicyRule, namespace?: string): Promise<boolean> {
    const [resource = '', subresource] = rule.resources[0]?.split('/') ?? [];
    const resourceAttributes = {
      verb: rule.verbs[0],
      group: rule.apiGroups[0],
      resource,
      ...(subresource === undefined ? {} : { subresource }),
      ...(rule.resourceNames === undefined ? {} : { name: rule.resourceNames[0] }),
      ...(namespace === undefined ? {} : { namespace }),
    };
    const apiVersion = 'authorization.k8s.io/v1';
    const review = { apiVersion, kind: 'SubjectAccessReview', spec: { user, resourceAttributes } };
    const answer = await this.request('POST', `/apis/${apiVersion}/subjectaccessreviews`, review);
    return taken(answer, 'a review of access').body.status.allowed;
  }

  async #until(what: string, holds: () => Promise<boolean>): Promise<void> {
    let why = '';
    const look = async () => {
      try {
        return await holds();
      } catch (error) {
        this.#etcd?.check();
        this.#api?.check();
        why = String(error);
        return false;
      }
    };
    await until(what, look).catch((cause: unknown) => {
      throw new Error(`${String(cause)}: ${why} ${this.#api?.said ?? this.#etcd?.said ?? ''}`, { cause });
    });
  }

  #writeFiles(): void {
    mkdirSync(join(this.folder, 'etcd'));
    const users = [{ name: 'admin', groups: ['system:masters'] }, ...(this.#options.users ?? [])];
    const lines = users.map(({ name, groups = [] }) => `token-${name},${name},uid-${name},"${groups.join(',')}"`);
    this.#write('tokens.csv', lines.join('\n'));
    writeServiceAccountKey(this.folder);
    const { audit, webhookUser } = this.#options;
    if (audit !== undefined) this.#write('audit-policy.json', JSON.stringify(audit === true ? AUDIT_ALL : audit));
    if (webhookUser === undefined) return;
    const kubeConfigFile = this.#write(
      'webhook-users.json',
      JSON.stringify({ apiVersion: 'v1', kind: 'Config', users: [{ name: '*', user: webhookUser }] }),
    );
    const apiVersion = 'apiserver.config.k8s.io/v1';
    const configuration = { apiVersion, kind: 'WebhookAdmissionConfiguration', kubeConfigFile };
    const names = ['ValidatingAdmissionWebhook', 'MutatingAdmissionWebhook'];
    const plugins = names.map((name) => ({ name, configuration }));
    this.#write('admission.json', JSON.stringify({ apiVersion, kind: 'AdmissionConfiguration', plugins }));
  }

  #write(name: string, text: string): string {
    const file = join(this.folder, name);
    writeFileSync(file, `${text}\n`, { mode: 0o600 });
    return file;
  }

  #etcdArgs(): readonly string[] {
    const { etcd, peers } = this.#ports;
    const [clients, others] = [`http://127.0.0.1:${etcd}`, `http://127.0.0.1:${peers}`];
    return [
      ...['--data-dir', join(this.folder, 'etcd'), '--unsafe-no-fsync', '--log-level', 'warn'],
      ...['--listen-client-urls', clients, '--advertise-client-urls', clients],
      ...['--listen-peer-urls', others, '--initial-advertise-peer-urls', others],
      ...['--initial-cluster', `default=${others}`],
    ];
  }

  #apiArgs(): readonly string[] {
    const { api, etcd } = this.#ports;
    const { audit, webhookUser, flags = [] } = this.#options;
    const file = (name: string) => join(this.folder, name);
    const audited = [`--audit-policy-file=${file('audit-policy.json')}`, `--audit-log-path=${file('audit.log')}`];
    return [
      `--etcd-servers=http://127.0.0.1:${etcd}`,
      '--bind-address=127.0.0.1',
      '--advertise-address=127.0.0.1',
      `--secure-port=${api}`,
      `--cert-dir=${this.folder}`,
      '--service-cluster-ip-range=10.0.0.0/24',
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-signing-key-file=${file('accounts.key')}`,
      `--service-account-key-file=${file('accounts.pub')}`,
      `--client-ca-file=${this.#clients.file}`,
      `--token-auth-file=${file('tokens.csv')}`,
      '--authorization-mode=RBAC',
      '--disable-admission-plugins=ServiceAccount',
      '--endpoint-reconciler-type=none',
      '--enable-priority-and-fairness=false',
      '--feature-gates=ImageVolume=true',
      ...(audit === undefined ? [] : audited),
      ...(webhookUser === undefined ? [] : [`--admission-control-config-file=${file('admission.json')}`]),
      ...flags,
    ];
  }

  #names = 0;

  #nextName(): number {
    this.#names++;
    return this.#names;
  }
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

const AUDIT_ALL: KubeObject = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [{ level: 'Metadata' }],
};

/** Starts an etcd and an API server for the tests of one file; `stop` it after them. */
export function startKube(options: KubeOptions = {}): Promise<RunningKube> {
  return RunningKube.start(options);
}

function program(path: string | undefined): string {
  if (path === undefined) throw new Error(`an etcd and a kube-apiserver are needed: ${KUBE_HOW}`);
  return path;
}

/** @throws Error with the server's message when the server refused */
function taken(answer: KubeAnswer, what: string): KubeAnswer {
  if (answer.status < 300) return answer;
  throw new Error(`${what}: ${answer.status} ${JSON.stringify(answer.body)}`);
}
