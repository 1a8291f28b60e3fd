import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import type { SnapshotEntry } from '../../../src/snapshot/index.ts';
import {
  type KubeAnswer,
  type KubeObject,
  type KubeOptions,
  type MlKind,
  type RunningKube,
  startKube,
} from '../../support/kube/index.ts';
import { Authority } from './certificates.ts';
import { OWN_NAMESPACE, renderChart, webhooksOf } from './chart.ts';
import { decisions } from './models.ts';
import { objectOf, pathOf } from './objects.ts';
import { SnapshotWriter } from './snapshots.ts';
import { Webhook } from './webhook.ts';

export interface GroundOptions {
  readonly kube?: KubeOptions;
  /** Values of the chart. */
  readonly values?: readonly string[];
  /** Values that are JSON. */
  readonly jsonValues?: readonly string[];
  /** `spec` of an AdmissionConfig. */
  readonly config?: object;
  readonly entries?: readonly SnapshotEntry[];
  /** Further arguments of `assay admit`. */
  readonly args?: (ground: Ground) => readonly string[];
  /** Custom resources that are defined. */
  readonly crds?: readonly MlKind[];
  /** When true, the labels of namespaces are not read from the cluster. */
  readonly blind?: boolean;
}

/** Includes namespaces that are created later. */
export const ALL_NAMESPACES = 'gate.mode=all-except';
/** A busy machine delays a webhook: only tests about time have it answer within 3 seconds. */
export const PATIENT = 'gate.timeoutSeconds=30';

/** A real API server that calls `assay admit`, registered as by the chart. */
export class Ground {
  readonly folder: string;
  readonly kube: RunningKube;
  readonly writer = new SnapshotWriter();
  readonly authority: Authority;
  readonly rendered: readonly KubeObject[];
  readonly #options: GroundOptions;
  #webhook: Webhook | undefined;

  private constructor(folder: string, kube: RunningKube, options: GroundOptions) {
    this.folder = folder;
    this.kube = kube;
    this.#options = options;
    this.authority = new Authority(folder, 'authority');
    this.rendered = renderChart([PATIENT, ...(options.values ?? [ALL_NAMESPACES])], options.jsonValues);
  }

  static async open(options: GroundOptions): Promise<Ground> {
    const folder = mkdtempSync(join(tmpdir(), 'assay-admission-'));
    const ground = new Ground(folder, await startKube(options.kube), options);
    try {
      await ground.#build();
      return ground;
    } catch (error) {
      await ground.close();
      throw error;
    }
  }

  get webhook(): Webhook {
    if (this.#webhook === undefined) throw new Error('there is no webhook yet');
    return this.#webhook;
  }

  file(name: string): string {
    return join(this.folder, name);
  }

  /** Registers the webhooks, also again with changes. */
  async register(more: object = {}): Promise<void> {
    for (const webhook of webhooksOf(this.rendered, this.webhook.url, this.authority.certificate)) {
      await this.kube.installWebhook({ ...webhook, ...more, more: { ...webhook.more, ...more } });
    }
  }

  /** Sends an object of a kind (`group/Kind`) with a name that the server generates. */
  send(kind: string, body: Readonly<Record<string, unknown>>, options: SendOptions = {}): Promise<KubeAnswer> {
    const { namespace = 'default', dryRun = false, as } = options;
    const path = `${pathOf(kind, namespace)}${dryRun ? '?dryRun=All' : ''}`;
    return this.kube.request('POST', path, objectOf(kind, body), as === undefined ? {} : { as });
  }

  pod(spec: object, options: SendOptions & { readonly metadata?: object } = {}): Promise<KubeAnswer> {
    const { metadata } = options;
    return this.send('/Pod', { spec, ...(metadata === undefined ? {} : { metadata }) }, options);
  }

  async close(): Promise<void> {
    await this.#webhook?.stop('SIGKILL');
    await this.kube.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #build(): Promise<void> {
    const { config, entries = decisions(), args, crds, blind } = this.#options;
    await this.writer.write(this.file('snapshot.json'), { version: 1, entries });
    writeFileSync(this.file('snapshot.pub'), this.writer.publicKey);
    this.authority.issue(this.file('tls.crt'), this.file('tls.key'));
    if (config !== undefined) this.configure(config);
    if (crds !== undefined) await this.kube.installCrds(crds);
    await this.kube.createNamespace(OWN_NAMESPACE);
    const seeing = blind === true ? [] : ['--watch-namespaces', '--kubeconfig', await this.#identity()];
    const own = [
      ...['--snapshot', this.file('snapshot.json'), '--snapshot-key', this.file('snapshot.pub'), '--poll', '1'],
      ...['--tls-cert', this.file('tls.crt'), '--tls-key', this.file('tls.key'), '--namespace', OWN_NAMESPACE],
      ...(config === undefined ? [] : ['--config', this.file('admission.yaml')]),
    ];
    this.#webhook = await Webhook.start([...own, ...seeing, ...(args?.(this) ?? [])]);
    await this.register();
  }

  /** Writes the configuration, which a running webhook reads again. */
  configure(spec: object): void {
    const config = { apiVersion: 'assay.dev/v1', kind: 'AdmissionConfig', spec };
    writeFileSync(this.file('admission.yaml'), JSON.stringify(config, null, 2));
  }

  /** The webhook's own service account, with exactly the rights that the chart grants. */
  async #identity(): Promise<string> {
    const name = 'gate';
    const token = await this.kube.serviceAccountToken(OWN_NAMESPACE, name);
    const own = this.rendered.filter(
      ({ kind, metadata }) => /Role/.test(kind) && !/guard/.test(String(metadata?.name)),
    );
    const floor = this.rendered.filter(
      ({ kind, metadata }) => kind === 'ConfigMap' && /floor/.test(String(metadata?.name)),
    );
    await this.kube.createAll([...own, ...floor].filter(isHere), { namespace: OWN_NAMESPACE });
    return this.kube.kubeconfig({ token }, OWN_NAMESPACE);
  }
}

/** Some objects of the chart are in the namespace of the snapshot, which does not exist. */
function isHere({ metadata }: KubeObject): boolean {
  return metadata?.namespace === undefined || metadata.namespace === OWN_NAMESPACE;
}

export interface SendOptions {
  readonly namespace?: string;
  readonly dryRun?: boolean;
  readonly as?: NonNullable<Parameters<RunningKube['request']>[3]>['as'];
}

/** The API server and the webhook for the tests of one suite. */
export function onGround(options: GroundOptions = {}): () => Ground {
  let ground: Ground | undefined;
  beforeAll(async () => {
    ground = await Ground.open(options);
  });
  afterAll(async () => ground?.close());
  return () => {
    if (ground === undefined) throw new Error('the ground is not there');
    return ground;
  };
}
