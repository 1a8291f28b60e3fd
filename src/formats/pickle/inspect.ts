import type { ByteSource } from '../../core/byte-source.ts';
import { DEFAULT_LIMITS, type Limits } from '../../core/limits.ts';
import { integerOf } from './constants.ts';
import { describe, describeCall } from './describe.ts';
import { inlineArray } from './joblib.ts';
import { layoutAt } from './opcodes.ts';
import { readStream } from './read.ts';
import type { PickleHandler, PickleState } from './state.ts';
import { textOf } from './text.ts';

const MAX_OPERAND = 80;

export interface InspectOptions {
  readonly limits?: Limits;
  readonly signal?: AbortSignal;
  /** Lines that are written before the rest is only counted. */
  readonly maxLines?: number;
}

/**
 * A pickle's instructions, a line each: offset, name, operand; below a call, what it amounts to as a line of Python. Nothing
 * is executed.
 */
export async function* inspectPickle(source: ByteSource, options: InspectOptions = {}): AsyncGenerator<string> {
  const limits = options.limits ?? DEFAULT_LIMITS;
  const maxLines = options.maxLines ?? 100_000;
  let start = 0;
  for (let stream = 1; start < source.size && stream <= limits.maxPickleStreams; stream++) {
    const lines = new Lines(maxLines);
    const handler = printer(lines);
    const result = await readStream(source, start, handler, {
      limits,
      signal: options.signal,
      onArray: async (state) => {
        const array = await inlineArray(state, source);
        if (array.kind === 'raw') {
          lines.add(`${offset(array.start)}  raw array of ${array.end - array.start} bytes`);
          state.position = array.end;
        }
      },
    });
    if (stream > 1) yield `-- pickle ${stream}, at byte ${start}`;
    yield* lines.kept;
    if (lines.dropped > 0) yield `... ${lines.dropped} more lines`;
    if (result.end.kind !== 'stop') {
      yield `-- not understood from byte ${result.position} on: ${result.end.kind === 'error' ? result.end.reason : result.end.limit}`;
      return;
    }
    start = result.position;
  }
}

class Lines {
  readonly kept: string[] = [];
  dropped = 0;
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  add(line: string): void {
    if (this.kept.length < this.#max) this.kept.push(line);
    else this.dropped++;
  }
}

function printer(lines: Lines): PickleHandler {
  const note = (text: string, machine: PickleState) =>
    lines.add(`${' '.repeat(12)}${'  '.repeat(Math.min(machine.markCount, 20))}# ${text}`);
  return {
    onStep: (at, _code, machine) => lines.add(instruction(at, machine)),
    onImport: (global, machine) =>
      note(`import ${global.computed ? '<computed name>' : `${global.module}.${global.name}`}`, machine),
    onCall: (call, machine) => note(describeCall(call.callee, call.args, machine), machine),
    onBuild: (target, state, _again, _offset, machine) => {
      note(`set state of ${describe(target, machine)} to ${describe(state, machine)}`, machine);
      const call = machine.callOf(target);
      const made = call === undefined ? undefined : machine.global(call.callee);
      if (made?.name === 'NumpyArrayWrapper') return 'array';
      return undefined;
    },
    onMutate: (receiver, opcode, _built, _offset, machine) =>
      note(`${opcode} into ${describe(receiver, machine)}`, machine),
    onDunderKey: () => undefined,
    onPersistentId: (id, _offset, machine) => note(`persistent_load(${describe(id, machine)})`, machine),
    onExtension: (code) => lines.add(`${' '.repeat(12)}# extension ${code}`),
    onBlob: (at, length) => lines.add(`${' '.repeat(12)}# ${length} bytes at ${at} start as a pickle does`),
    onOddity: (oddity) => lines.add(`${' '.repeat(12)}# odd: ${oddity}`),
  };
}

function instruction(at: number, machine: PickleState): string {
  const bytes = machine.window.subarray(at - machine.base);
  const layout = layoutAt(bytes, 0);
  const indent = '  '.repeat(Math.min(machine.markCount, 20));
  if (layout.kind !== 'whole')
    return `${offset(at)}  ${indent}${layout.kind === 'invalid' ? `<no instruction 0x${(bytes[0] ?? 0).toString(16)}>` : '...'}`;
  return `${offset(at)}  ${indent}${layout.opcode.name}${operand(bytes, layout.end, layout.opcode.operand)}`;
}

function operand(bytes: Uint8Array, end: number, kind: string): string {
  if (kind === 'none') return '';
  if (kind === 'two-lines' || kind === 'line') {
    const text = new TextDecoder().decode(Uint8Array.from(bytes.subarray(1, Math.min(end - 1, 1 + MAX_OPERAND))));
    return ` ${JSON.stringify(text.replace('\n', ' '))}`;
  }
  const text = textOf(bytes.subarray(0, Math.min(bytes.length, end)));
  if (text !== undefined)
    return ` ${JSON.stringify(text.length > MAX_OPERAND ? `${text.slice(0, MAX_OPERAND)}...` : text)}`;
  const number = integerOf(bytes);
  if (number !== undefined) return ` ${number}`;
  return kind.startsWith('bytes-') ? ` <${end} bytes>` : fixedOperand(bytes, kind);
}

function fixedOperand(bytes: Uint8Array, kind: string): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset + 1);
  switch (kind) {
    case 'u1':
      return ` ${view.getUint8(0)}`;
    case 'u2':
      return ` ${view.getUint16(0, true)}`;
    case 'i4':
      return ` ${view.getInt32(0, true)}`;
    case 'u4':
      return ` ${view.getUint32(0, true)}`;
    case 'u8':
      return ` ${view.getBigUint64(0, true)}`;
    default:
      return ` ${view.getFloat64(0, false)}`;
  }
}

function offset(at: number): string {
  return String(at).padStart(10);
}
