import type { ByteSource } from '../../../core/bytes/index.ts';
import { layoutAt, type Opcode } from '../opcodes.ts';
import type { StreamResult } from '../read.ts';
import type { PickleState } from '../state.ts';
import { latin1, spelledText } from '../text.ts';
import { type FollowOptions, followPickle } from './follow.ts';

export interface InspectOptions extends FollowOptions {
  /** Instructions listed one by one; of the others only those that import, call or change something. */
  readonly maxInstructions: number;
  /** Takes a line of the listing. Its text is hostile. */
  onLine(line: string): void;
}

const MAX_OPERAND = 80;
const NOTE_COLUMN = 40;
/** Lines with a note after the listed instructions, for a stream of millions of calls. */
const MAX_NOTES = 10_000;

/**
 * Lists the instructions of a pickle file with their effect in the syntax of Python: imports, calls, states. Runs nothing.
 * @throws AssayError content codes, what reading throws, `aborted`.
 */
export async function inspectPickle(source: ByteSource, options: InspectOptions): Promise<void> {
  const listing = new Listing(options);
  const end = await followPickle(source, listing, options);
  if (end < source.size) options.onLine(`${offsetText(end)}  ${source.size - end} bytes follow`);
}

class Listing {
  readonly #options: InspectOptions;
  #instructions = 0;
  #folded = 0;
  #notesLeft = MAX_NOTES;
  /** The current instruction: notes about it follow its step. */
  #pending: { offset: number; text: string; notes: string[] } | undefined;

  constructor(options: InspectOptions) {
    this.#options = options;
  }

  step(offset: number, state: PickleState): void {
    if (this.#pending?.offset !== offset) this.#flush();
    this.#pending = { offset, text: instructionText(state.window, offset - state.base), notes: [] };
  }

  note(_offset: number, text: string): void {
    this.#pending?.notes.push(text);
  }

  array(start: number, elements: number, end: number): void {
    this.#flush();
    this.#options.onLine(`${offsetText(start)}  ${end - elements} bytes of array elements`);
  }

  streamEnd(start: number, { end, position }: StreamResult): void {
    this.#flush();
    if (this.#folded > 0)
      this.#options.onLine(`${' '.repeat(12)}${this.#folded} more instructions that only build data`);
    this.#folded = 0;
    const how = end.kind === 'stop' ? 'ends' : `breaks off: ${end.kind === 'error' ? end.reason : end.limit}`;
    this.#options.onLine(`${offsetText(position)}  the pickle that starts at ${start} ${how}`);
  }

  #flush(): void {
    const open = this.#pending;
    if (open === undefined) return;
    this.#pending = undefined;
    const listed = this.#instructions++ < this.#options.maxInstructions;
    if (!listed && (open.notes.length === 0 || this.#notesLeft-- <= 0)) {
      this.#folded++;
      return;
    }
    const notes = open.notes.length === 0 ? '' : `  # ${open.notes.join('; ')}`;
    const text = notes === '' ? open.text : open.text.padEnd(NOTE_COLUMN);
    this.#options.onLine(`${offsetText(open.offset)}  ${text}${notes}`);
  }
}

function offsetText(offset: number): string {
  return String(offset).padStart(10);
}

/** Name and operand of the instruction at `at`. */
function instructionText(window: Uint8Array, at: number): string {
  const layout = layoutAt(window, at);
  if (layout.kind !== 'whole') return layout.kind === 'invalid' ? `invalid 0x${(window[at] ?? 0).toString(16)}` : '...';
  const { opcode, operand, end } = layout;
  const text =
    end > window.length ? `<${end - operand} bytes>` : operandText(opcode, window.subarray(at, end), operand - at);
  return text === '' ? opcode.name : `${opcode.name.padEnd(16)} ${text}`;
}

function operandText(opcode: Opcode, instruction: Uint8Array, from: number): string {
  const content = instruction.subarray(from);
  const view = new DataView(content.buffer, content.byteOffset, content.length);
  switch (opcode.operand) {
    case 'none':
      return '';
    case 'u1':
      return String(view.getUint8(0));
    case 'u2':
      return String(view.getUint16(0, true));
    case 'i4':
      return String(view.getInt32(0, true));
    case 'u4':
      return String(view.getUint32(0, true));
    case 'u8':
      return String(view.getBigUint64(0, true));
    case 'f8':
      return String(view.getFloat64(0, false));
    case 'two-lines':
      return quoted(latin1(content.subarray(0, -1)).replace('\n', ' '));
    case 'line':
      return quoted(spelledText(instruction) ?? latin1(content.subarray(0, -1)));
    default:
      return opcode.text ? quoted(spelledText(instruction) ?? '') : `<${content.length} bytes>`;
  }
}

function quoted(text: string): string {
  return JSON.stringify(text.length > MAX_OPERAND ? `${text.slice(0, MAX_OPERAND)}...` : text);
}
