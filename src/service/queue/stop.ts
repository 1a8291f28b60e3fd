/** Why a job that runs is to stop: its lease is somebody else's, somebody cancelled it, or its worker ends. */
export type StopReason = 'lost' | 'cancelled' | 'handed-back';

/** Stops a job, for the first reason that comes. */
export class Stop {
  readonly #controller = new AbortController();
  #why: StopReason | undefined;

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get why(): StopReason | undefined {
    return this.#why;
  }

  now(why: StopReason): void {
    if (this.#why !== undefined) return;
    this.#why = why;
    this.#controller.abort();
  }
}
