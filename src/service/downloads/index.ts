import { type NotedAction, nameOf, type Principal, type Registry } from '../../registry/index.ts';

const HOUR = 3_600_000;
/** CWE-770: downloads that are remembered; an older one is logged again. */
const MAX_KNOWN = 10_000;

/** Tells the audit log who downloaded what: once an hour for each of both, whatever number of files and ranges is read. */
export class DownloadLog {
  readonly #registry: Pick<Registry, 'note'>;
  readonly #now: () => number;
  /** When each was told last. */
  readonly #known = new Map<string, number>();

  constructor(registry: Pick<Registry, 'note'>, now = Date.now) {
    this.#registry = registry;
    this.#now = now;
  }

  /** Before the first byte leaves: what cannot be told is not handed out. */
  async tell(by: Principal, action: NotedAction, subject: string): Promise<void> {
    const key = JSON.stringify([by.tenant, nameOf(by), action, subject]);
    const now = this.#now();
    if (now - (this.#known.get(key) ?? Number.NEGATIVE_INFINITY) < HOUR) return;
    this.#known.delete(key);
    const [oldest] = this.#known.keys();
    if (oldest !== undefined && this.#known.size >= MAX_KNOWN) this.#known.delete(oldest);
    this.#known.set(key, now);
    try {
      await this.#registry.note(by, action, subject);
    } catch (error) {
      this.#known.delete(key);
      throw error;
    }
  }
}
