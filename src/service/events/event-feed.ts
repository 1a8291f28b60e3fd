import type { Principal, Registry } from '../../registry/index.ts';
import type { EventFeed, ServiceEvent } from './events.ts';
import { JobChanges } from './job-changes.ts';

export interface EventFeedOptions {
  /** How often the audit log and the jobs of a tenant with listeners are read. */
  readonly pollMs?: number;
  /** Called when the log cannot be read; reading is retried. */
  readonly onError?: (error: unknown) => void;
}

type Source = Pick<Registry, 'auditSince' | 'auditHead' | 'jobs'>;
type Listener = (event: ServiceEvent) => void;

/** A tenant that somebody listens to. */
interface Watched {
  readonly listeners: Set<Listener>;
  /** The last entry that was told; `undefined` until the log was looked at. */
  seen: number | undefined;
  readonly ready: Promise<void>;
  isReady: () => void;
  /** The look that goes on now. */
  looking: Promise<void> | undefined;
  again: boolean;
  readonly timer: NodeJS.Timeout;
  readonly jobs: JobChanges;
}

const POLL_MS = 300;
const PAGE = 200;

/**
 * Changes are read from the audit log alone, whichever process wrote them: so they come in its order, each once. Jobs are told
 * as they are found changed, and as they are published; everything else as it is published.
 */
export function openEventFeed(registry: Source, options: EventFeedOptions = {}): EventFeed {
  return new AuditFeed(registry, options);
}

class AuditFeed implements EventFeed {
  readonly #registry: Source;
  readonly #pollMs: number;
  readonly #onError: (error: unknown) => void;
  readonly #tenants = new Map<string, Watched>();

  constructor(registry: Source, { pollMs = POLL_MS, onError = warn }: EventFeedOptions) {
    this.#registry = registry;
    this.#pollMs = pollMs;
    this.#onError = onError;
  }

  publish(event: ServiceEvent): void {
    const watched = this.#tenants.get(event.tenant);
    if (watched === undefined) return;
    if (event.kind === 'audit') this.#look(event.tenant, watched);
    else this.#tell(watched, event);
  }

  subscribe(tenant: string, listener: Listener): () => void {
    const watched = this.#tenants.get(tenant) ?? this.#watch(tenant);
    watched.listeners.add(listener);
    return () => {
      watched.listeners.delete(listener);
      if (watched.listeners.size > 0 || this.#tenants.get(tenant) !== watched) return;
      clearInterval(watched.timer);
      this.#tenants.delete(tenant);
    };
  }

  async ready(tenant: string): Promise<void> {
    await this.#tenants.get(tenant)?.ready;
  }

  async close(): Promise<void> {
    const all = [...this.#tenants.values()];
    this.#tenants.clear();
    for (const { timer, isReady } of all) {
      clearInterval(timer);
      isReady();
    }
    await Promise.all(all.map(({ looking }) => looking));
  }

  #watch(tenant: string): Watched {
    let isReady = () => {};
    const ready = new Promise<void>((resolve) => {
      isReady = resolve;
    });
    const timer = setInterval(() => this.#look(tenant, watched), this.#pollMs);
    timer.unref();
    const watched: Watched = {
      listeners: new Set(),
      seen: undefined,
      ready,
      isReady,
      looking: undefined,
      again: false,
      timer,
      jobs: new JobChanges(this.#registry.jobs, systemOf(tenant)),
    };
    this.#tenants.set(tenant, watched);
    this.#look(tenant, watched);
    return watched;
  }

  /** One look at a time; what asks for another meanwhile gets it afterwards. */
  #look(tenant: string, watched: Watched): void {
    if (watched.looking !== undefined) {
      watched.again = true;
      return;
    }
    watched.looking = this.#read(tenant, watched)
      .catch(this.#onError)
      .finally(() => {
        watched.looking = undefined;
        const again = watched.again && this.#tenants.get(tenant) === watched;
        watched.again = false;
        if (again) this.#look(tenant, watched);
      });
  }

  async #read(tenant: string, watched: Watched): Promise<void> {
    const by = systemOf(tenant);
    if (watched.seen === undefined) {
      watched.seen = await this.#registry.auditHead(by);
      watched.isReady();
    }
    for (let more = true; more && this.#tenants.get(tenant) === watched; ) {
      const entries = await this.#registry.auditSince(by, watched.seen, PAGE);
      for (const entry of entries) {
        watched.seen = entry.seq;
        this.#tell(watched, { kind: 'audit', tenant, entry });
      }
      more = entries.length === PAGE;
    }
    for (const { id, state, progress } of await watched.jobs.look())
      this.#tell(watched, { kind: 'job', tenant, id, state, progress });
  }

  #tell(watched: Watched, event: ServiceEvent): void {
    for (const listener of [...watched.listeners]) {
      try {
        listener(event);
      } catch (error) {
        // A listener that throws does not affect the others.
        this.#onError(error);
      }
    }
  }
}

/** The principal that reads the log of a tenant for its listeners. */
export function systemOf(tenant: string): Principal {
  return { tenant, subject: 'assay', issuer: null, roles: ['viewer'], via: 'local' };
}

function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error));
}
