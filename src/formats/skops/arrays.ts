import { type ByteSource, MemorySource } from '../../core/bytes/index.ts';
import { AssayError } from '../../core/index.ts';
import { type Literal, type NpyHeader, readNpyHeader } from '../npy/index.ts';
import type { PickleWriter } from './writer.ts';

/** Writes what NumPy's own pickle of the array in an `.npy` file holds. @throws AssayError for a broken header, or an array of objects */
export async function writeNpy(writer: PickleWriter, bytes: Uint8Array, name: string): Promise<void> {
  const header = await headerOf(new MemorySource(bytes, name));
  const data = bytes.subarray(header.dataStart, header.dataStart + (header.dataSize ?? 0));
  startArray(writer, header.shape);
  writeDtype(writer, header.descr);
  writer.literal(header.fortran);
  writer.bytes(data);
  endArray(writer);
}

/** Writes an array of objects; `items` writes one object for each element. */
export function writeObjects(writer: PickleWriter, shape: readonly number[], items: () => void): void {
  startArray(writer, shape);
  writeDtype(writer, '|O');
  writer.literal(false);
  writer.op(']');
  writer.op('(');
  items();
  writer.op('e');
  endArray(writer);
}

/** The dtype of an `.npy` file. */
export async function writeNpyDtype(writer: PickleWriter, bytes: Uint8Array, name: string): Promise<void> {
  writeDtype(writer, (await headerOf(new MemorySource(bytes, name))).descr);
}

async function headerOf(source: ByteSource): Promise<NpyHeader> {
  const header = await readNpyHeader(source);
  if (header.object || header.dataSize === undefined)
    throw new AssayError('malformed', 'is an array of objects, which is a pickle', { subject: source.name });
  if (source.size - header.dataStart < header.dataSize)
    throw new AssayError('truncated', 'an array ends before its data does', { subject: source.name });
  return header;
}

function startArray(writer: PickleWriter, shape: readonly number[]): void {
  writer.global('numpy.core.multiarray', '_reconstruct');
  writer.global('numpy', 'ndarray');
  writer.integer(0n);
  writer.op('\x85');
  writer.bytes(Buffer.from('b'));
  writer.op('\x87');
  writer.op('R');
  writer.op('(');
  writer.integer(1n);
  writer.op('(');
  for (const size of shape) writer.integer(BigInt(size));
  writer.op('t');
}

function endArray(writer: PickleWriter): void {
  writer.op('t');
  writer.op('b');
}

interface Kind {
  /** What `numpy.dtype` is called with. */
  readonly code: string;
  readonly order: string;
  readonly size: number;
}

/** As `dtype.__reduce__` writes it. */
function writeDtype(writer: PickleWriter, descr: Literal): void {
  const fields = Array.isArray(descr) && descr.every((field) => Array.isArray(field)) ? descr : undefined;
  const kind = fields === undefined ? kindOf(descr) : undefined;
  const laid = fields?.map(skopsField);
  const size = kind?.size ?? laid?.reduce((sum, field) => sum + field.size, 0) ?? 0;
  writer.global('numpy', 'dtype');
  writer.text(kind?.code ?? `V${size}`);
  writer.literal(false);
  writer.literal(true);
  writer.op('\x87');
  writer.op('R');
  writer.op('(');
  writer.integer(3n);
  writer.text(kind?.order ?? '|');
  writer.literal(null);
  if (laid === undefined) {
    writer.literal(null);
    writer.literal(null);
    const ofText = kind !== undefined && /^[US]/.test(kind.code);
    writer.integer(ofText ? BigInt(kind.size) : -1n);
    writer.integer(ofText ? (kind.code.startsWith('U') ? 4n : 1n) : -1n);
    writer.integer(kind?.code === 'O8' ? 63n : kind?.code.startsWith('U') === true ? 8n : 0n);
  } else writeFields(writer, laid, size);
  writer.op('t');
  writer.op('b');
}

interface Field {
  /** Empty for padding. */
  readonly name: string;
  readonly descr: Literal;
  readonly size: number;
}

function skopsField(field: Literal): Field {
  const [name, descr, ...more] = Array.isArray(field) ? field : [];
  if (typeof name !== 'string' || descr === undefined || more.length > 0 || typeof descr !== 'string')
    throw new AssayError('unsupported', 'an array with fields of arrays or of fields');
  return { name, descr, size: /^\|V\d+$/.test(descr) ? Number(descr.slice(2)) : kindOf(descr).size };
}

function writeFields(writer: PickleWriter, fields: readonly Field[], size: number): void {
  const named = fields.filter(({ name }) => name !== '');
  writer.op('(');
  for (const { name } of named) writer.text(name);
  writer.op('t');
  writer.op('}');
  writer.op('(');
  let at = 0;
  for (const { name, descr, size: bytes } of fields) {
    if (name !== '') {
      writer.text(name);
      writeDtype(writer, descr);
      writer.integer(BigInt(at));
      writer.op('\x86');
    }
    at += bytes;
  }
  writer.op('u');
  writer.integer(BigInt(size));
  writer.integer(1n);
  writer.integer(16n);
}

function kindOf(descr: Literal): Kind {
  const match = typeof descr === 'string' ? /^([<>|=]?)([?bBiufcSUO])(\d{0,9})$/.exec(descr) : null;
  if (match === null)
    throw new AssayError('unsupported', `an array of the type ${JSON.stringify(descr)}`.slice(0, 120));
  const [, order = '', letter = '', digits = ''] = match;
  if (letter === 'O') return { code: 'O8', order: '|', size: 8 };
  const count = digits === '' ? 1 : Number(digits);
  const size = letter === 'U' ? 4 * count : count;
  const name =
    letter === '?' ? 'b1' : `${letter === 'B' ? 'u' : letter === 'b' && digits === '' ? 'i' : letter}${count}`;
  return { code: name, order: order === '' || order === '=' ? '|' : order, size };
}
