import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isAssayError } from '../../core/index.ts';
import { isRegistryError, type Principal } from '../../registry/index.ts';
import type { ServiceContext } from '../context.ts';
import { judgeCommit } from '../hub-proxy/index.ts';
import { tenantEnvironment } from '../worker/index.ts';
import { linkKey, type MlflowLink, MlflowLinks, type SyncedVersion } from './links.ts';
import { MlflowWriter } from './writer.ts';

const POLL_MS = 1_000;
const FIRST_RETRY_MS = 2_000;
const MAX_RETRY_MS = 600_000;
/** Approvals and waivers expire without an event. */
const LOOK_AGAIN_MS = 600_000;

interface Entry {
  link: MlflowLink;
  /** What the audit log calls the version here; `undefined` until it was looked at. */
  label: string | undefined;
  dueAt: number;
  failures: number;
}

interface Tenant {
  readonly links: MlflowLinks;
  readonly open: Map<string, Entry>;
  readonly unsubscribe: () => void;
}

interface Found {
  readonly here: string | null;
  readonly label: string | undefined;
  readonly request: SyncedVersion;
}

/** Says what MLflow is not told of, without a secret. */
export type TellProblem = (message: string) => void;

/**
 * Writes the decisions on versions of MLflow into tags, and sets an alias to the newest version that may run; a version that
 * may no longer run loses it. What was told is kept on disk: a service that starts again tells what changed meanwhile.
 */
export class MlflowTeller {
  readonly #context: ServiceContext;
  readonly #problem: TellProblem;
  readonly #tenants = new Map<string, Promise<Tenant>>();
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> = Promise.resolve();

  constructor(context: ServiceContext, problem: TellProblem) {
    this.#context = context;
    this.#problem = problem;
  }

  async start(): Promise<void> {
    const folder = join(this.#context.config.dataFolder, 'gate');
    for (const tenant of await readdir(folder).catch(() => [])) {
      const { open } = await this.#tenant(tenant);
      if (open.size === 0) await this.#forget(tenant);
    }
    const next = () => {
      this.#timer = setTimeout(() => {
        this.#round = this.#look()
          .catch((error: unknown) => this.#problem(`MLflow: ${String(error)}`))
          .finally(() => this.#timer !== undefined && next());
      }, POLL_MS);
    };
    next();
  }

  /** From now on, MLflow gets the decisions on one of its versions. */
  async add(tenant: string, link: MlflowLink): Promise<void> {
    const { links, open } = await this.#tenant(tenant);
    await links.write(link);
    open.set(linkKey(link), entryOf(link));
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#round;
    for (const tenant of [...this.#tenants.keys()]) await this.#forget(tenant);
  }

  #tenant(tenant: string): Promise<Tenant> {
    const known = this.#tenants.get(tenant) ?? this.#openTenant(tenant);
    this.#tenants.set(tenant, known);
    known.catch(() => this.#tenants.delete(tenant));
    return known;
  }

  async #openTenant(tenant: string): Promise<Tenant> {
    const links = new MlflowLinks(this.#context.config.dataFolder, tenant);
    const open = new Map((await links.all()).map((link) => [linkKey(link), entryOf(link)]));
    const unsubscribe = this.#context.events.subscribe(tenant, (event) => {
      if (event.kind !== 'audit') return;
      for (const entry of open.values()) if (entry.label === event.entry.subject) entry.dueAt = 0;
    });
    return { links, open, unsubscribe };
  }

  async #forget(tenant: string): Promise<void> {
    const known = await this.#tenants.get(tenant);
    this.#tenants.delete(tenant);
    known?.unsubscribe();
  }

  async #look(): Promise<void> {
    for (const [name, opening] of this.#tenants) {
      const tenant = await opening;
      for (const [key, entry] of tenant.open) {
        if (this.#timer === undefined) return;
        if (entry.dueAt > Date.now()) continue;
        // What happens to the version meanwhile makes it due at once.
        entry.dueAt = Number.POSITIVE_INFINITY;
        try {
          const next = await this.#settle(name, tenant, entry);
          if (next !== entry.link) await tenant.links.write(next);
          entry.link = next;
          entry.failures = 0;
          if (next.told === null) entry.dueAt = 0;
          else if (entry.dueAt !== 0) entry.dueAt = Date.now() + LOOK_AGAIN_MS;
        } catch (error) {
          if (!isAssayError(error) && !isRegistryError(error)) throw error;
          const subject = `models:/${entry.link.name}/${entry.link.version}`;
          if (error.code === 'not-found') {
            this.#problem(`updates of ${subject} in MLflow stopped: ${error.message}`);
            await tenant.links.remove(entry.link);
            tenant.open.delete(key);
            continue;
          }
          entry.failures++;
          entry.dueAt = Date.now() + Math.min(FIRST_RETRY_MS * 2 ** (entry.failures - 1), MAX_RETRY_MS);
          this.#problem(`${subject} could not be updated in MLflow: ${error.message}`);
        }
      }
    }
  }

  /** @returns the link as it is now: the same when there is nothing to tell */
  async #settle(name: string, tenant: Tenant, entry: Entry): Promise<MlflowLink> {
    const { link } = entry;
    const known = await this.#found(name, link);
    if (known === undefined) return link;
    const { here, request } = known;
    entry.label = known.label;
    if (JSON.stringify(request) === JSON.stringify(link.told)) return link;
    const writer = new MlflowWriter(await tenantEnvironment(this.#context.config, name));
    try {
      const isLed = await tell(writer, link, request, this.#context.config.handOut.mlflowAlias);
      if (!isLed) await wakeHeir(tenant, link);
    } finally {
      await writer.close();
    }
    return { ...link, here, told: request };
  }

  /** What is known of a version now; `undefined` while it is being scanned. */
  async #found(tenant: string, link: MlflowLink): Promise<Found | undefined> {
    const { registry, config } = this.#context;
    const by: Principal = { tenant, subject: 'mlflow', issuer: null, roles: ['viewer'], via: 'local' };
    let here = link.here;
    if (here === null) {
      const job = await registry.jobs.get(by, link.job);
      if (job.state === 'queued' || job.state === 'running') return undefined;
      if (job.version === null) {
        const reason = job.error?.message ?? 'its scan was cancelled';
        const report = `${config.publicUrl}/v1/jobs/${job.id}`;
        return { here, label: undefined, request: { decision: 'not-assessed', digest: '', report, reason } };
      }
      here = job.version;
    }
    const { digest, model, number } = await registry.version(by, { id: here });
    const label = `${model}@${number}`;
    const judged = judgeCommit(await registry.currentDecisions(by, { digest }), config.handOut.mlflowStage);
    const report = `${config.publicUrl}/v1/versions/${here}/report?format=html`;
    if (judged.kind !== 'allowed') {
      const reason = judged.kind === 'refused' ? judged.why : 'the version is unknown';
      return { here, label, request: { decision: 'deny', digest, report, reason } };
    }
    const { action, policy } = judged.answer;
    const reason = `${policy} allows it for ${config.handOut.mlflowStage}`;
    return { here, label, request: { decision: action === 'warn' ? 'warn' : 'allow', digest, report, reason } };
  }
}

function entryOf(link: MlflowLink): Entry {
  return { link, label: undefined, dueAt: 0, failures: 0 };
}

/** Values of tags are bounded in every store of MLflow. */
const MAX_TAG = 1_000;

/**
 * A version that may not run loses the alias before its tags are written; a version that may run gets it afterwards.
 * @returns whether the alias leads to a version now
 */
async function tell(writer: MlflowWriter, link: MlflowLink, request: SyncedVersion, alias: string): Promise<boolean> {
  const now = await writer.versionOf(link.name, alias);
  if (!isAllowed(request) && now === link.version) await writer.removeAlias(link, alias);
  // The decision is written last, so that its readers also see the related tags.
  for (const key of ['digest', 'report', 'reason', 'decision'] as const) {
    if (request[key] !== '') await writer.setTag(link, `assay.${key}`, request[key].slice(0, MAX_TAG));
  }
  if (!isAllowed(request)) return now !== undefined && now !== link.version;
  // An older version that is looked at again does not take the alias from a newer one.
  if (now === undefined || BigInt(now) < BigInt(link.version)) await writer.setAlias(link, alias);
  return true;
}

/** Has the newest other version that was allowed looked at and told again: when it still is, the alias is its own. */
async function wakeHeir({ links, open }: Tenant, { name, version }: MlflowLink): Promise<void> {
  let heir: Entry | undefined;
  for (const entry of open.values()) {
    const { link } = entry;
    if (link.name !== name || link.version === version || !isAllowed(link.told)) continue;
    if (heir === undefined || BigInt(heir.link.version) < BigInt(link.version)) heir = entry;
  }
  if (heir === undefined) return;
  heir.link = { ...heir.link, told: null };
  await links.write(heir.link);
  heir.dueAt = 0;
}

function isAllowed(told: SyncedVersion | null): boolean {
  return told?.decision === 'allow' || told?.decision === 'warn';
}
