import type { FileBudget } from '../../core/index.ts';

const SMALL = 2 ** 31;

/** Writes a pickle of protocol 4, piece by piece. Its memory is charged to the budget, and released by `close`. */
export class PickleWriter {
  readonly #budget: FileBudget;
  readonly #pieces: Uint8Array[] = [Uint8Array.of(0x80, 4)];
  #held = 0;

  constructor(budget: FileBudget) {
    this.#budget = budget;
  }

  /** @param opcode one character */
  op(opcode: string, operand: Uint8Array = NOTHING): void {
    const bytes = operand.length + 64;
    this.#budget.work(1);
    this.#budget.hold(bytes);
    this.#held += bytes;
    this.#pieces.push(Uint8Array.of(opcode.charCodeAt(0)));
    if (operand.length > 0) this.#pieces.push(operand);
  }

  global(module: string, name: string): void {
    this.text(module);
    this.text(name);
    this.op('\x93');
  }

  text(value: string): void {
    const bytes = Buffer.from(value, 'utf8');
    this.op('X', word(bytes.length));
    this.#raw(bytes);
  }

  bytes(value: Uint8Array): void {
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(value.length));
    this.op('\x8e', length);
    this.#raw(value);
  }

  integer(value: bigint): void {
    if (value >= -SMALL && value < SMALL) {
      const operand = Buffer.alloc(4);
      operand.writeInt32LE(Number(value));
      this.op('J', operand);
      return;
    }
    const operand: number[] = [];
    let rest = value;
    do {
      operand.push(Number(rest & 0xffn));
      rest >>= 8n;
    } while (rest !== 0n && rest !== -1n);
    operand.push(rest === 0n ? 0 : 0xff);
    this.op('\x8b', word(operand.length));
    this.#raw(Uint8Array.from(operand));
  }

  float(value: number): void {
    const operand = Buffer.alloc(8);
    operand.writeDoubleBE(value);
    this.op('G', operand);
  }

  literal(value: boolean | null): void {
    this.op(value === null ? 'N' : value ? '\x88' : '\x89');
  }

  /** Keeps the top of the stack under a number. */
  keep(index: number): void {
    this.op('r', word(index));
  }

  kept(index: number): void {
    this.op('j', word(index));
  }

  /** The pickle; nothing is written after it. */
  finish(): Uint8Array {
    this.op('.');
    return Buffer.concat(this.#pieces);
  }

  close(): void {
    this.#budget.release(this.#held);
    this.#held = 0;
    this.#pieces.length = 0;
  }

  #raw(bytes: Uint8Array): void {
    // As much again when the pieces are joined.
    this.#budget.hold(2 * bytes.length);
    this.#held += 2 * bytes.length;
    this.#pieces.push(bytes);
  }
}

const NOTHING = new Uint8Array(0);

function word(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
