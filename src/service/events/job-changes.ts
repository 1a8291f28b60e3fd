import type { Job, JobStore, Principal } from '../../registry/index.ts';

/** Jobs of a tenant that are looked at: the newest, and those that run. Who misses the end of another asks for it. */
const LOOKED_AT = 100;

/** Tells jobs of a tenant that changed between two looks, whichever process works on them. */
export class JobChanges {
  readonly #jobs: Pick<JobStore, 'list'>;
  readonly #by: Principal;
  /** What each job was like at the last look. */
  #known: ReadonlyMap<string, string> | undefined;

  constructor(jobs: Pick<JobStore, 'list'>, by: Principal) {
    this.#jobs = jobs;
    this.#by = by;
  }

  /** Nothing at the first look. */
  async look(): Promise<readonly Job[]> {
    // Running ones first: one that ends in between is seen as it ended.
    const running = await this.#jobs.list(this.#by, { state: 'running', limit: LOOKED_AT });
    const newest = await this.#jobs.list(this.#by, { limit: LOOKED_AT });
    const seen = new Map([...running.items, ...newest.items].map((job) => [job.id, job]));
    const known = this.#known;
    this.#known = new Map([...seen].map(([id, job]) => [id, likenessOf(job)]));
    if (known === undefined) return [];
    return [...seen.values()].filter((job) => known.get(job.id) !== likenessOf(job));
  }
}

function likenessOf({ state, attempts, progress }: Job): string {
  return JSON.stringify([state, attempts, progress]);
}
