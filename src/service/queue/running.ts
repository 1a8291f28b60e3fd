import type { ClaimedJob, JobStore } from '../../registry/index.ts';
import type { HandledEnd, JobHandler, WorkOptions } from './queue.ts';
import { runClaimed } from './run-claimed.ts';
import { Stop } from './stop.ts';

/** The jobs that run in this process. Once its worker is to stop they have a grace period; then they are handed back. */
export class Running {
  readonly #jobs: JobStore;
  readonly #handler: JobHandler;
  readonly #options: WorkOptions;
  readonly #stops = new Map<string, Stop>();
  #isOver = false;

  constructor(jobs: JobStore, handler: JobHandler, options: WorkOptions) {
    this.#jobs = jobs;
    this.#handler = handler;
    this.#options = options;
    const stop = () => setTimeout(() => this.#handBack(), options.graceMs).unref();
    if (options.signal.aborted) stop();
    else options.signal.addEventListener('abort', stop, { once: true });
  }

  get isIdle(): boolean {
    return this.#stops.size === 0;
  }

  cancel(id: string): void {
    this.#stops.get(id)?.now('cancelled');
  }

  async run(claimed: ClaimedJob): Promise<HandledEnd | 'lost'> {
    const { id } = claimed.job;
    const stop = new Stop();
    if (this.#isOver) stop.now('handed-back');
    this.#stops.set(id, stop);
    try {
      return await runClaimed(this.#jobs, claimed, this.#handler, { ...this.#options, stop });
    } finally {
      this.#stops.delete(id);
    }
  }

  #handBack(): void {
    this.#isOver = true;
    for (const stop of this.#stops.values()) stop.now('handed-back');
  }
}
