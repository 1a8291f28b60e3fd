import type { Job, Principal } from '../../registry/index.ts';
import type { ServiceContext } from '../context.ts';
import { checkJobRequest, submit } from '../jobs/index.ts';

/** A scan that failed is asked for again no sooner. */
const AGAIN_MS = 600_000;
const MAX_REMEMBERED = 10_000;

/** Requests scans of unknown models that clients requested. */
export class ScanOnMiss {
  readonly #context: ServiceContext;
  readonly #asked = new Map<string, { readonly job: string; readonly at: number }>();

  constructor(context: ServiceContext) {
    this.#context = context;
  }

  /** @returns how its scan stands, in a sentence */
  async ask(tenant: string, ref: string): Promise<string> {
    const by: Principal = { tenant, subject: 'hub-gate', issuer: null, roles: ['submitter'], via: 'local' };
    const key = `${tenant} ${ref}`;
    const known = this.#asked.get(key);
    if (known !== undefined) {
      const job = await this.#context.registry.jobs.get(by, known.job);
      const over = job.state === 'failed' || job.state === 'cancelled';
      if (!over || Date.now() - known.at < AGAIN_MS) return this.#sentence(job);
    }
    const { job } = await submit(this.#context, by, await checkJobRequest(this.#context, by, { ref }));
    this.#asked.delete(key);
    this.#asked.set(key, { job: job.id, at: Date.now() });
    for (const oldest of this.#asked.keys()) {
      if (this.#asked.size <= MAX_REMEMBERED) break;
      this.#asked.delete(oldest);
    }
    return this.#sentence(job);
  }

  #sentence({ id, state, error }: Job): string {
    const where = `${this.#context.config.publicUrl}/v1/jobs/${id}`;
    if (state === 'failed') return `its scan failed (${error?.message ?? 'for an unknown reason'}): ${where}`;
    if (state === 'cancelled') return `its scan was cancelled: ${where}`;
    if (state === 'done') return 'its scan has just ended; try again';
    return `it is being scanned; try again later; the scan is ${where}`;
  }
}
