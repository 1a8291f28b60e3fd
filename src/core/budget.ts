import { AssayError } from './errors.ts';
import type { Limits } from './limits.ts';

/** The counted bounds that a budget enforces; an error names the one that was met. */
export type BudgetLimit = 'maxFileWork' | 'maxFileMemory';

/** A counted limit was reached. Earlier findings remain. */
export class BudgetError extends AssayError {
  readonly limit: BudgetLimit;

  constructor(limit: BudgetLimit, message: string) {
    super('limit', `${message} (${limit})`);
    this.limit = limit;
  }
}

/** Memory that several parsers share. A file that needs more than its share waits until no other file does. */
export interface MemoryPool {
  /** Bytes that each file may hold without waiting. */
  readonly share: number;
  /** Blocks until this file may hold more than its share. */
  acquire(): void;
  release(): void;
}

/**
 * The counted budget of one file: all readings, members and scanners of the file charge it, so that a verdict is the same on
 * every machine.
 */
export class FileBudget {
  readonly #limits: Limits;
  readonly #pool: MemoryPool | undefined;
  #expandLeft: number;
  #earned: number;
  #work = 0;
  #held = 0;
  #peak = 0;
  #forks = 0;
  #beyondShare = false;

  /** @param size bytes of the file */
  constructor(limits: Limits, size: number, pool?: MemoryPool) {
    this.#limits = limits;
    this.#pool = pool;
    this.#expandLeft = limits.maxExpandedBytes;
    this.#earned = Math.min(limits.maxFileWork, limits.fileWorkBase + size * limits.fileWorkPerByte);
  }

  /** Bytes that decompression may still write; the work limit grows with them. */
  get remaining(): number {
    return this.#expandLeft;
  }

  set remaining(left: number) {
    const { maxFileWork, fileWorkPerByte } = this.#limits;
    const written = Math.max(0, this.#expandLeft - left);
    this.#expandLeft = left;
    this.#earned = Math.min(maxFileWork, this.#earned + written * fileWorkPerByte);
  }

  /** Units of work that were done. */
  get spent(): number {
    return this.#work;
  }

  /** Units of work that the file may do in all. */
  get allowed(): number {
    return this.#earned;
  }

  /** Bytes that are held now, and the most that were. */
  get held(): number {
    return this.#held;
  }

  get peak(): number {
    return this.#peak;
  }

  get forks(): number {
    return this.#forks;
  }

  /** @throws BudgetError once the file has done more than it may */
  work(units: number): void {
    this.#work += units;
    if (this.#work > this.#earned) {
      throw new BudgetError('maxFileWork', `takes more than the ${this.#earned} units of work that its size allows`);
    }
  }

  /** Charges bytes before they are allocated. @throws BudgetError when they are more than the file may hold */
  hold(bytes: number): void {
    const held = this.#held + bytes;
    if (held > this.#limits.maxFileMemory) {
      throw new BudgetError('maxFileMemory', `needs more than ${this.#limits.maxFileMemory} bytes of memory at a time`);
    }
    if (this.#pool !== undefined && !this.#beyondShare && held > this.#pool.share) {
      this.#pool.acquire();
      this.#beyondShare = true;
    }
    this.#held = held;
    if (held > this.#peak) this.#peak = held;
  }

  release(bytes: number): void {
    this.#held -= bytes;
  }

  /** Counts a copy of a machine. @returns false when no more may be made */
  fork(): boolean {
    if (this.#forks >= this.#limits.maxForks) return false;
    this.#forks++;
    return true;
  }

  /** The file is finished: its memory is released for other files. */
  close(): void {
    if (this.#beyondShare) this.#pool?.release();
    this.#beyondShare = false;
    this.#held = 0;
  }
}
