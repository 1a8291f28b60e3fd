import type { AttemptCosts, ClaimedJob, JobProgress, JobStore } from '../../registry/index.ts';
import { messageOf } from '../problems/index.ts';
import type { Tell } from './queue.ts';

const BEAT_MS = 500;

export interface HeartbeatOptions {
  readonly leaseMs: number;
  readonly beatMs?: number;
  readonly tell: Tell;
  progress(): JobProgress;
  /** `undefined` as long as nothing is known. */
  costs(): AttemptCosts | undefined;
  /** The job is somebody else's, or may be by now. */
  onLost(): void;
}

/** Tells the store that a job lives, until it is ended. A store that cannot be reached is asked again, as long as the lease holds. */
export class Heartbeat {
  readonly #jobs: JobStore;
  readonly #claimed: ClaimedJob;
  readonly #options: HeartbeatOptions;
  #alive = performance.now();
  #timer: NodeJS.Timeout | undefined;
  #asking: Promise<void> = Promise.resolve();
  #isOver = false;

  constructor(jobs: JobStore, claimed: ClaimedJob, options: HeartbeatOptions) {
    this.#jobs = jobs;
    this.#claimed = claimed;
    this.#options = options;
    this.#again();
  }

  /** Resolves when nothing more is asked. */
  end(): Promise<void> {
    this.#isOver = true;
    clearTimeout(this.#timer);
    return this.#asking;
  }

  #again(): void {
    if (this.#isOver) return;
    const { beatMs = BEAT_MS, leaseMs } = this.#options;
    this.#timer = setTimeout(
      () => {
        this.#asking = this.#beat();
      },
      Math.min(beatMs, Math.ceil(leaseMs / 4)),
    );
  }

  async #beat(): Promise<void> {
    const { leaseMs, tell, progress, costs, onLost } = this.#options;
    const asked = performance.now();
    try {
      if (!(await this.#jobs.heartbeat(this.#claimed, leaseMs, progress()))) return onLost();
      this.#alive = asked;
      const now = costs();
      if (now !== undefined) await this.#jobs.recordCosts(this.#claimed, now, false);
    } catch (error) {
      if (performance.now() - this.#alive >= leaseMs) {
        tell(`job ${this.#claimed.job.id}: the job store cannot be reached: ${messageOf(error)}`);
        return onLost();
      }
    }
    this.#again();
  }
}
