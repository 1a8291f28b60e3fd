import type { ClaimedJob, JobStore } from '../../registry/index.ts';
import type { HandledEnd, JobHandler, WorkOptions } from './queue.ts';
import { runClaimed } from './run-claimed.ts';

/** The jobs that run in this process. Once its worker is to stop they have a grace period; then they are handed back. */
export class Running {
  readonly #jobs: JobStore;
  readonly #handler: JobHandler;
  readonly #options: WorkOptions;
  readonly #cancels = new Map<string, AbortController>();
  readonly #handBack = new AbortController();

  constructor(jobs: JobStore, handler: JobHandler, options: WorkOptions) {
    this.#jobs = jobs;
    this.#handler = handler;
    this.#options = options;
    const stop = () => setTimeout(() => this.#handBack.abort(), options.graceMs).unref();
    if (options.signal.aborted) stop();
    else options.signal.addEventListener('abort', stop, { once: true });
  }

  get size(): number {
    return this.#cancels.size;
  }

  cancel(id: string): void {
    this.#cancels.get(id)?.abort();
  }

  async run(claimed: ClaimedJob): Promise<HandledEnd | 'lost'> {
    const { id } = claimed.job;
    const cancelled = new AbortController();
    this.#cancels.set(id, cancelled);
    const { leaseMs, tell } = this.#options;
    const signals = { cancelled: cancelled.signal, handBack: this.#handBack.signal };
    try {
      return await runClaimed(this.#jobs, claimed, this.#handler, { leaseMs, tell, ...signals });
    } finally {
      this.#cancels.delete(id);
    }
  }
}
