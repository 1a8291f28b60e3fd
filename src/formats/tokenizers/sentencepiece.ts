import type { ByteSource } from '../../core/bytes/index.ts';
import { AssayError, type FileBudget } from '../../core/index.ts';
import { type StreamField, streamFields, type WireType } from '../protobuf/index.ts';
import { checkTrie } from './darts.ts';

/** ModelProto of sentencepiece_model.proto. Extensions start at 200, and no reader of the model looks at them. */
const [PIECES, TRAINER, NORMALIZER, SELF_TEST, DENORMALIZER] = [1, 2, 3, 4, 5];
const PIECE = { text: 1, score: 2, kind: 3 } as const;
const KINDS = { first: 1, last: 6 } as const;
const CHARSMAP = 2;
const RULES: Readonly<Record<number, WireType>> = { 1: 2, [CHARSMAP]: 2, 3: 0, 4: 0, 5: 0, 6: 2 };
const EXTENSIONS = 200;
/** Bytes of a message that is not a list: settings, and a map of characters. */
const MAX_MESSAGE = 128 * 1024 * 1024;
const MAX_PIECE = 65_536;
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads a SentencePiece model to its end, and proves that all offsets of its map of characters stay in range: native code uses
 * them without a check.
 * @throws AssayError `malformed`, `truncated`, `limit`; `unsupported`: a field that is not known
 */
export async function readSentencePiece(source: ByteSource, budget: FileBudget): Promise<void> {
  let pieces = 0;
  const once = new Set<number>();
  for await (const field of streamFields(source, 0, source.size)) {
    budget.work(16);
    if (field.wire !== 2) throw bad(`field ${field.number} is not a message`, field.start);
    if (field.number === PIECES) {
      pieces++;
      await piece(source, field, budget);
      continue;
    }
    // Readers of Protocol Buffers merge repeated fields.
    if (once.has(field.number)) throw bad(`the model has field ${field.number} twice`, field.start);
    once.add(field.number);
    if (field.number === NORMALIZER || field.number === DENORMALIZER) await normalizer(source, field, budget);
    else if (field.number === TRAINER || field.number === SELF_TEST || field.number >= EXTENSIONS)
      await message(source, field, budget);
    else throw new AssayError('unsupported', `unknown field ${field.number} of the model`, { offset: field.start });
  }
  if (pieces === 0) throw bad('it has no pieces', 0);
}

async function piece(source: ByteSource, field: StreamField, budget: FileBudget): Promise<void> {
  const length = field.end - field.start;
  if (length > MAX_PIECE) throw new AssayError('limit', `a piece of ${length} bytes`, { offset: field.start });
  let text: string | undefined;
  for await (const part of streamFields(source, field.start, field.end, 16)) {
    budget.work(part.end - part.start);
    if (part.number === PIECE.text && part.wire === 2) text = await utf8(source, part);
    else if (part.number === PIECE.kind && part.wire === 0) {
      if (part.value < KINDS.first || part.value > KINDS.last) throw bad(`a piece of kind ${part.value}`, part.start);
    } else if (part.number !== PIECE.score || part.wire !== 5)
      throw new AssayError('unsupported', `unknown field ${part.number} of a piece`, { offset: part.start });
  }
  if (text === undefined || text === '') throw bad('a piece without text', field.start);
}

async function utf8(source: ByteSource, { start, end }: StreamField): Promise<string> {
  const bytes = source.readNow(start, end - start) ?? (await source.read(start, end - start));
  try {
    return UTF8.decode(bytes);
  } catch (error) {
    throw new AssayError('malformed', 'a piece that is not UTF-8', { offset: start, cause: error });
  }
}

/** Settings: fields without indexes, which end where the message ends. */
async function message(source: ByteSource, { start, end }: StreamField, budget: FileBudget): Promise<void> {
  for await (const part of streamFields(source, start, end)) budget.work(part.end > part.start ? 16 : 1);
}

async function normalizer(source: ByteSource, { start, end }: StreamField, budget: FileBudget): Promise<void> {
  const once = new Set<number>();
  for await (const part of streamFields(source, start, end, 1_000)) {
    budget.work(16);
    if (RULES[part.number] !== part.wire && part.number < EXTENSIONS)
      throw new AssayError('unsupported', `unknown field ${part.number} of a normaliser`, { offset: part.start });
    if (once.has(part.number)) throw bad(`a normaliser has field ${part.number} twice`, part.start);
    once.add(part.number);
    if (part.number === CHARSMAP && part.end > part.start) await charsmap(source, part, budget);
  }
}

/** The length of a trie, the trie, and the texts that its values point into. */
async function charsmap(source: ByteSource, { start, end }: StreamField, budget: FileBudget): Promise<void> {
  const length = end - start;
  if (length > MAX_MESSAGE) throw new AssayError('limit', `a map of ${length} bytes`, { offset: start });
  budget.hold(length);
  try {
    const bytes = await source.read(start, length);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const trie = length < 4 ? length : view.getUint32(0, true);
    if (trie > length - 4) throw bad(`a trie of ${trie} bytes in a map of ${length}`, start);
    checkTrie(new DataView(bytes.buffer, bytes.byteOffset + 4, trie), bytes.subarray(4 + trie), budget);
  } finally {
    budget.release(length);
  }
}

function bad(what: string, offset: number): AssayError {
  return new AssayError('malformed', `not a SentencePiece model: ${what}`, { offset });
}
