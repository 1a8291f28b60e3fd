import { setTimeout as delay } from 'node:timers/promises';

/** Ends after so many milliseconds, or early, and quietly, when the signal fires. */
export type Wait = (ms: number, signal: AbortSignal) => Promise<void>;

export interface BackoffRules {
  readonly firstMs: number;
  readonly mostMs: number;
  /** In place of the clock. */
  readonly wait?: Wait;
}

/** Many webhooks must not ask a server that comes back all at once. */
export const DEFAULT_BACKOFF: BackoffRules = { firstMs: 500, mostMs: 30_000 };

/** Pauses that double, each shortened by chance by up to a half. */
export class Backoff {
  readonly #rules: BackoffRules;
  #failures = 0;

  constructor(rules: BackoffRules) {
    this.#rules = rules;
  }

  reset(): void {
    this.#failures = 0;
  }

  /** Milliseconds of the next one. */
  next(chance: number = Math.random()): number {
    const { firstMs, mostMs } = this.#rules;
    const whole = Math.min(mostMs, firstMs * 2 ** Math.min(this.#failures, 20));
    this.#failures++;
    return whole * (1 - chance / 2);
  }

  wait(signal: AbortSignal): Promise<void> {
    return (this.#rules.wait ?? byTheClock)(this.next(), signal);
  }
}

export const byTheClock: Wait = (ms, signal) => delay(ms, undefined, { signal, ref: false }).catch(() => {});
