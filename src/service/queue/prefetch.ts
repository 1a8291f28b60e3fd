import type { HandledEnd } from './queue.ts';

/** A job that takes longer holds up those that were taken ahead, which other workers could run. */
const SHORT_MS = 200;

/** How many jobs a worker takes ahead: one more with each that was short, none any more after one that was not. */
export class Prefetch {
  readonly #most: number;
  #ahead = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get ahead(): number {
    return this.#ahead;
  }

  ended(end: HandledEnd | 'lost', ms: number): void {
    const isShort = end !== 'lost' && end.kind !== 'released' && ms < SHORT_MS;
    this.#ahead = isShort ? Math.min(this.#most, this.#ahead + 1) : 0;
  }
}
