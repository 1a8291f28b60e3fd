import type { Tape } from './tape.ts';

/** The gradients that have arrived at each tensor. */
export class Gradients {
  readonly #tape: Tape;
  readonly #active: ReadonlySet<string>;
  readonly #parts = new Map<string, string[]>();

  constructor(tape: Tape, active: ReadonlySet<string>) {
    this.#tape = tape;
    this.#active = active;
  }

  give(name: string, gradient: string): void {
    if (!this.#active.has(name)) return;
    const parts = this.#parts.get(name);
    if (parts === undefined) this.#parts.set(name, [gradient]);
    else parts.push(gradient);
  }

  /** Their sum, once all have arrived. */
  of(name: string): string | undefined {
    const parts = this.#parts.get(name);
    if (parts === undefined) return undefined;
    const [first = '', ...rest] = parts;
    const sum = rest.reduce((total, part) => this.#tape.op('Add', [total, part]), first);
    this.#parts.set(name, [sum]);
    return sum;
  }

  has(name: string): boolean {
    return this.#parts.has(name);
  }

  isActive(name: string): boolean {
    return this.#active.has(name);
  }
}
