import { type ByteSource, MemorySource, SliceSource } from '../../core/bytes/index.ts';
import { AssayError, isContentError } from '../../core/index.ts';
import { OP } from '../../formats/pickle/index.ts';
import { readNativeModel, titleOf } from '../native-models/index.ts';
import { leaveUnjudged, type ScanContext } from '../scanner/index.ts';
import type { SpelledBytes } from './contracts/index.ts';
import type { Handed, Untold } from './native-states.ts';
import { NATIVE_STATE } from './rules.ts';

/** Instructions whose operand is the bytes themselves. */
const RAW: ReadonlySet<number> = new Set([
  OP.BINBYTES,
  OP.SHORT_BINBYTES,
  OP.BINBYTES8,
  OP.BYTEARRAY8,
  OP.BINSTRING,
  OP.SHORT_BINSTRING,
]);
/** Instructions whose operand is UTF-8 text. */
const UTF8: ReadonlySet<number> = new Set([OP.BINUNICODE, OP.SHORT_BINUNICODE, OP.BINUNICODE8]);

/** Judges what a pickle hands to native code, by the reader of the format that this code expects. */
export async function scanHanded(
  handed: readonly (Handed | Untold)[],
  source: ByteSource,
  context: ScanContext,
): Promise<void> {
  for (const one of handed) {
    if (!('why' in one)) await scanOne(one, source, context);
    else if (one.opens) {
      const message = `gives ${one.owner} ${one.why}, which some versions open as a file`;
      context.report({ rule: NATIVE_STATE, message, subject: one.owner });
    } else leave(one, context, `the code receives ${one.why}`);
  }
}

async function scanOne(handed: Handed, source: ByteSource, context: ScanContext): Promise<void> {
  try {
    const bytes = await bytesAt(handed, handed.owner, source, context);
    if (bytes === undefined) return leave(handed, context, 'the code receives escaped text');
    const verdict = await readNativeModel(handed.model, bytes, context.budget);
    if (verdict.kind === 'sound') return;
    if (verdict.kind === 'unknown-part')
      return leave(handed, context, `Assay does not know a part of that state: ${verdict.why}`);
    const message = `gives ${handed.owner} ${handed.length} bytes that are not a valid ${titleOf(handed.model)}: ${verdict.why}`;
    context.report({ rule: NATIVE_STATE, message, subject: handed.owner, offset: handed.start });
  } catch (error) {
    if (!isContentError(error)) throw error;
    context.incomplete(`the state of ${handed.owner} at byte ${handed.start} was not read: ${error.message}`);
  }
}

/** Bytes that a value of a stream holds; `undefined` where they are spelled in a way that loaders read differently. */
export async function bytesAt(
  { at, start, length, spelled }: SpelledBytes,
  owner: string,
  source: ByteSource,
  context: ScanContext,
): Promise<ByteSource | undefined> {
  if (spelled === 'between') return new SliceSource(source, start, length, owner);
  const [code = 0] = await source.read(at, 1);
  if (code === OP.UNICODE && spelled === 'latin1') return unescaped(await source.read(start, length), owner, context);
  if (!RAW.has(code) && !UTF8.has(code)) return undefined;
  // A string of Python 2 is bytes; Python 3 decodes it to text, with an encoding that the caller chooses.
  if (RAW.has(code) && spelled === 'utf8') return undefined;
  if (spelled !== 'latin1' || RAW.has(code)) return new SliceSource(source, start, length, owner);
  if (length > context.limits.maxSpoolMemory)
    throw new AssayError('limit', `a text of ${length} bytes to decode exceeds the limit (maxSpoolMemory)`);
  context.budget.work(length);
  const text = Buffer.from(await source.read(start, length)).toString('utf8');
  return new MemorySource(Buffer.from(text, 'latin1'), owner);
}

/** A line of text in which a backslash, a newline and characters above one byte are escaped by their numbers. */
function unescaped(line: Uint8Array, owner: string, context: ScanContext): ByteSource {
  context.budget.work(line.length);
  const text = Buffer.from(line).toString('latin1');
  const plain = text.replace(/\\u00([0-9a-fA-F]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return new MemorySource(Buffer.from(plain, 'latin1'), owner);
}

function leave({ model, owner }: Handed | Untold, context: ScanContext, what: string): void {
  leaveUnjudged(
    context,
    `pickle.native-state.${model}`,
    `${owner} passes its state to native code, and ${what}: no reader could judge it.`,
  );
}
