import { AssayError } from '../core/index.ts';

export interface FileClock {
  /** Aborts when the file's time is over, or the caller's signal does. */
  readonly signal: AbortSignal;
}

interface Clock extends FileClock {
  readonly controller: AbortController;
  readonly timer: NodeJS.Timeout;
}

/** Wall clocks of files, used again by the next file: thousands of small ones cost nothing. */
export class FileClocks {
  readonly #ms: number;
  readonly #outer: AbortSignal | undefined;
  readonly #running = new Set<Clock>();
  readonly #idle: Clock[] = [];
  readonly #onAbort = () => {
    for (const clock of this.#running) clock.controller.abort(this.#outer?.reason);
  };

  constructor(ms: number, outer: AbortSignal | undefined) {
    this.#ms = ms;
    this.#outer = outer;
    outer?.addEventListener('abort', this.#onAbort);
  }

  start(): FileClock {
    const clock = this.#idle.pop() ?? this.#create();
    clock.timer.refresh();
    this.#running.add(clock);
    if (this.#outer?.aborted === true) clock.controller.abort(this.#outer.reason);
    return clock;
  }

  stop(clock: FileClock): void {
    for (const running of this.#running) {
      if (running !== clock) continue;
      this.#running.delete(running);
      if (!running.signal.aborted) this.#idle.push(running);
    }
  }

  /** Stops every timer. */
  close(): void {
    this.#outer?.removeEventListener('abort', this.#onAbort);
    for (const clock of [...this.#idle.splice(0), ...this.#running]) clearTimeout(clock.timer);
  }

  #create(): Clock {
    const controller = new AbortController();
    const expire = () => {
      // The timeout of an idle clock has no effect.
      if (!this.#running.has(clock)) return;
      controller.abort(new AssayError('limit', `took longer than ${this.#ms} ms (maxFileMs)`));
    };
    const clock: Clock = { controller, signal: controller.signal, timer: setTimeout(expire, this.#ms) };
    clock.timer.unref();
    return clock;
  }
}
