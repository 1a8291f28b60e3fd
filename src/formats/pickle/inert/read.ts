import { BLOCK_SIZE, type ByteSource } from '../../../core/bytes/index.ts';
import { AssayError, FileBudget, type Limits, throwIfAborted } from '../../../core/index.ts';
import { layoutAt } from '../opcodes.ts';
import { isArrayWrapper, wrapperContent } from './joblib.ts';
import { InertMachine } from './machine.ts';
import type { Instruction } from './operands.ts';
import type { Inert, InertObject } from './values.ts';

export interface InertOptions {
  readonly limits: Limits;
  readonly signal: AbortSignal | undefined;
  /** Shared by everything that is read of one file. */
  readonly budget?: FileBudget;
  /** Raw elements stand behind the states of joblib's array wrappers. */
  readonly joblib?: boolean;
}

export interface InertPickle {
  readonly value: Inert;
  /** Offset behind the STOP. */
  readonly end: number;
  /** Every call of the pickle, also those whose result it drops. */
  readonly calls: readonly InertObject[];
  /** Every persistent id. */
  readonly ids: readonly Inert[];
}

/**
 * Reads a pickle as plain values. Strings of more than 64 KiB and the elements of arrays stay in the source.
 * @param start offset of its first instruction
 * @throws AssayError `unsupported` for what loaders read in different ways; `truncated`, `malformed`, `limit`, `aborted`
 * @example const { value } = await readInert(source, 0, { limits: DEFAULT_LIMITS, signal: undefined });
 */
export async function readInert(source: ByteSource, start: number, options: InertOptions): Promise<InertPickle> {
  const budget = options.budget ?? new FileBudget(options.limits, source.size);
  return new Reader(source, { ...options, budget }).read(start);
}

class Reader {
  readonly #source: ByteSource;
  readonly #options: InertOptions & { readonly budget: FileBudget };
  #window: Uint8Array = new Uint8Array(0);
  #base = 0;

  constructor(source: ByteSource, options: InertOptions & { readonly budget: FileBudget }) {
    this.#source = source;
    this.#options = options;
  }

  async read(start: number): Promise<InertPickle> {
    const { budget, joblib, signal } = this.#options;
    const machine = new InertMachine(this.#source.name, budget);
    for (let at = start; ; ) {
      const instruction = this.#now(at) ?? (await this.#fetch(at, signal));
      budget.work(Math.min(instruction.end - instruction.start, this.#window.length));
      const result = machine.step(instruction);
      at = instruction.next;
      if (result === undefined) continue;
      if ('done' in result) return { value: result.done, end: at, calls: machine.calls, ids: machine.ids };
      if (joblib === true && isArrayWrapper(result.built)) at = await this.#array(machine, result.built, at);
    }
  }

  /** Reads the elements behind a wrapper. @returns the offset behind them */
  async #array(machine: InertMachine, wrapper: InertObject, at: number): Promise<number> {
    // Loaders that buffer a frame go on behind it, the others behind the instruction.
    if (at < machine.frameEnd)
      throw new AssayError('unsupported', 'an array stands within a frame', { subject: this.#source.name, offset: at });
    const content = await wrapperContent(wrapper, at, this.#source);
    if (content.kind === 'raw') {
      const { start, length } = content;
      machine.replace({ kind: 'array', wrapper, content: { kind: 'bytes', start, length, spelling: 'raw' } });
      return start + length;
    }
    const inner = await readInert(this.#source, at, { ...this.#options, joblib: false });
    machine.replace({ kind: 'array', wrapper, content: { kind: 'pickle', value: inner.value } });
    return inner.end;
  }

  /** The instruction at an offset, when its bytes are at hand. */
  #now(at: number): Instruction | undefined {
    const offset = at - this.#base;
    if (offset < 0 || offset >= this.#window.length) return undefined;
    const layout = layoutAt(this.#window, offset);
    if (layout.kind === 'invalid') throw this.#broken('malformed', 'an instruction does not exist', at);
    if (layout.kind === 'more') return undefined;
    const { opcode, operand, end } = layout;
    const next = this.#base + end;
    if (next > this.#source.size) throw this.#broken('truncated', 'the file ends within an instruction', at);
    const content = opcode.operand.endsWith('line') || opcode.operand === 'two-lines' ? end - 1 : end;
    // A long string stays in the file: nothing but its extent is looked at.
    if (end > this.#window.length && content - operand <= HELD) return undefined;
    return { opcode, bytes: this.#window, start: operand, end: content, at, next };
  }

  async #fetch(at: number, signal: AbortSignal | undefined): Promise<Instruction> {
    const { budget, limits } = this.#options;
    const left = this.#source.size - at;
    if (left <= 0) throw this.#broken('truncated', 'the pickle does not end', at);
    for (let length = Math.min(left, BLOCK_SIZE); ; length = Math.min(left, length * 2)) {
      throwIfAborted(signal);
      if (length > limits.maxPickleLine + BLOCK_SIZE)
        throw this.#broken('limit', 'a line is too long (maxPickleLine)', at);
      budget.work(length);
      this.#window = this.#source.readNow(at, length) ?? (await this.#source.read(at, length));
      this.#base = at;
      const found = this.#now(at);
      if (found !== undefined) return found;
      if (length === left) throw this.#broken('truncated', 'the file ends within an instruction', at);
    }
  }

  #broken(code: 'malformed' | 'truncated' | 'limit', what: string, offset: number): AssayError {
    return new AssayError(code, what, { subject: this.#source.name, offset });
  }
}

/** Bytes of an operand that is held whole, at least: longer ones may stay in the file. */
const HELD = 65_536;
