import type { ByteSource } from '../../core/byte-source.ts';
import { AssayError } from '../../core/errors.ts';
import { DEFAULT_LIMITS, type Limits } from '../../core/limits.ts';
import { inlineArray } from './joblib.ts';
import { type Layout, layoutAt } from './opcodes.ts';
import { readStream } from './read.ts';
import type { PickleHandler, PickleState } from './state.ts';
import { STR, STR_DUNDER } from './values.ts';

/** Strings become runs of this, at most so many long. */
const FILLER = 0x78;
const MAX_FILLER = 16;
/** A reproduction is meant to be sent by mail. */
const MAX_OUTPUT = 16 * 1024 * 1024;
/** Text that tells nothing of a model, and that judging depends on. */
const KEPT_TEXT =
  /^(storage|module|cpu|cuda(:\d+)?|latin1|utf-8|[<>|=]?[?a-zA-Z]\d*|shape|dtype|order|subclass|allow_mmap|numpy_array_alignment_bytes|__[a-z_]+__)$/;

type Instruction = Layout & { readonly kind: 'whole' };

/**
 * The instructions of a pickle without what they carry: strings and bytes are filled with x, floats and raw arrays with
 * zeros, frames are left out. Names of globals stay, so that judging it says the same.
 * @throws AssayError `limit` when the result would be larger than 16 MiB; content errors where the pickle breaks off
 */
export async function reproPickle(
  source: ByteSource,
  options: { readonly limits?: Limits; readonly signal?: AbortSignal } = {},
): Promise<Uint8Array> {
  const limits = options.limits ?? DEFAULT_LIMITS;
  const output = new Output(source.name);
  for (let start = 0; start < source.size; ) {
    const names = new Set<number>();
    const steps: number[] = [];
    const arrays = new Map<number, number>();
    const result = await readStream(source, start, watcher(names, steps, source.name), {
      limits,
      signal: options.signal,
      onArray: async (state) => {
        const array = await inlineArray(state, source);
        if (array.kind !== 'raw')
          throw new AssayError('unsupported', 'object arrays of joblib cannot be reproduced', { subject: source.name });
        arrays.set(state.position, array.end);
        state.position = array.end;
      },
    });
    for (const at of steps) await copyInstruction(source, at, names, arrays, output);
    if (result.end.kind !== 'stop' || result.position === start) break;
    start = result.position;
  }
  return output.bytes();
}

/** Notes where instructions start, and which strings serve as names. */
function watcher(names: Set<number>, steps: number[], subject: string): PickleHandler {
  let last = -1;
  return {
    onStep: (offset, code, machine) => {
      // An instruction whose text had to be fetched is run twice.
      if (machine.alternative || offset === last) return;
      last = offset;
      if (steps.length * 2 > MAX_OUTPUT)
        throw new AssayError('limit', 'has too many instructions to reproduce', { subject });
      steps.push(offset);
      if (code === 0x93) for (const depth of [1, 2]) noteName(machine, depth, names);
    },
    onImport: () => undefined,
    onCall: () => undefined,
    onBuild: (target, _state, _again, _offset, machine) => {
      const call = machine.callOf(target);
      const made = call === undefined ? undefined : machine.global(call.callee);
      if (made?.name === 'NumpyArrayWrapper') return 'array';
      return undefined;
    },
    onMutate: () => undefined,
    onDunderKey: () => undefined,
    onPersistentId: () => undefined,
    onExtension: () => undefined,
    onBlob: () => undefined,
    onOddity: () => undefined,
  };
}

function noteName(machine: PickleState, depth: number, names: Set<number>): void {
  const value = machine.valueAt(machine.sp - depth);
  if (value.kind === STR || value.kind === STR_DUNDER) names.add(value.ref);
}

async function copyInstruction(
  source: ByteSource,
  at: number,
  names: ReadonlySet<number>,
  arrays: ReadonlyMap<number, number>,
  output: Output,
): Promise<void> {
  const bytes = await source.read(at, Math.min(8192, source.size - at));
  const layout = layoutAt(bytes, 0);
  if (layout.kind !== 'whole') {
    output.add(bytes.subarray(0, 1));
    return;
  }
  output.add(redact(bytes, layout, names.has(at)));
  const array = arrays.get(at + layout.end);
  // Zeros in the place of the elements; the byte before them tells their padding.
  if (array !== undefined) output.zeros(array - at - layout.end);
}

function redact(bytes: Uint8Array, layout: Instruction, isName: boolean): Uint8Array {
  const { opcode, operand, end } = layout;
  if (opcode.name === 'FRAME') return new Uint8Array(0);
  if (opcode.name === 'BINFLOAT') return Uint8Array.of(0x47, 0, 0, 0, 0, 0, 0, 0, 0);
  if (opcode.name === 'FLOAT') return Buffer.from('F0.0\n');
  const counted = opcode.operand.startsWith('bytes-') && !opcode.name.startsWith('LONG');
  const line = opcode.name === 'STRING' || opcode.name === 'UNICODE' || opcode.name === 'PERSID';
  if (isName || (!counted && !line)) return bytes.subarray(0, end);
  const content = Buffer.from(bytes.subarray(operand, Math.min(end, bytes.length))).toString('latin1');
  if (KEPT_TEXT.test(line ? content.trim().replace(/^['"]|['"]$/g, '') : content)) return bytes.subarray(0, end);
  if (line) return Buffer.from(opcode.name === 'STRING' ? "S'x'\n" : `${String.fromCharCode(opcode.code)}x\n`);
  return filled(opcode.code, operand - 1, Math.min(end - operand, MAX_FILLER));
}

/** A counted instruction of `length` filler bytes whose length field is `width` bytes wide. */
function filled(code: number, width: number, length: number): Uint8Array {
  const bytes = new Uint8Array(1 + width + length).fill(FILLER);
  bytes[0] = code;
  bytes.fill(0, 1, 1 + width);
  bytes[1] = length;
  return bytes;
}

class Output {
  readonly #parts: Uint8Array[] = [];
  #size = 0;
  readonly #subject: string;

  constructor(subject: string) {
    this.#subject = subject;
  }

  add(bytes: Uint8Array): void {
    this.#size += bytes.length;
    if (this.#size > MAX_OUTPUT)
      throw new AssayError('limit', `the reproduction would be larger than ${MAX_OUTPUT} bytes`, {
        subject: this.#subject,
      });
    this.#parts.push(Uint8Array.from(bytes));
  }

  zeros(length: number): void {
    if (this.#size + length > MAX_OUTPUT) this.#size = MAX_OUTPUT + 1;
    this.add(new Uint8Array(this.#size > MAX_OUTPUT ? 0 : length));
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.#parts);
  }
}
