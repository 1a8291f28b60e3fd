import type { SourceRange } from '../../../core/bytes/index.ts';
import { AssayError } from '../../../core/index.ts';
import type { WireType } from '../../protobuf/index.ts';
import { byteLength, type DataType, dataTypeOf, elementCount, type TypedField, typeFacts } from '../data-type.ts';
import type { OnnxExternalData, OnnxProperty, OnnxSparseTensor, OnnxTensor, OnnxTensorData } from '../model.ts';
import type { MessageReader } from './message-reader.ts';
import { readProperty } from './values.ts';

/** The lists of typed elements by field number, each with the wire type of an element outside of a packed list. */
const LISTS: ReadonlyMap<number, { readonly field: TypedField; readonly wire: WireType }> = new Map([
  [4, { field: 'floats', wire: 5 }],
  [5, { field: 'int32s', wire: 0 }],
  [6, { field: 'strings', wire: 2 }],
  [7, { field: 'int64s', wire: 0 }],
  [10, { field: 'doubles', wire: 1 }],
  [11, { field: 'uint64s', wire: 0 }],
]);
const RUN_BYTES = 96;
/** The lowest bits of a tensor that lies elsewhere: TensorProto.DataLocation. */
const EXTERNAL = 1;

interface Run {
  start: number;
  end: number;
}

/** What the fields of a TensorProto say, before it is checked as a whole. */
interface Parts {
  name: string;
  code: number;
  readonly dims: number[];
  raw: SourceRange | undefined;
  field: TypedField | undefined;
  readonly runs: Run[];
  /** Elements of the list, as far as they can be counted without reading them. */
  counted: number;
  readonly external: OnnxProperty[];
  location: number;
  docString: string;
  readonly metadata: OnnxProperty[];
}

/** Reads a TensorProto; of its elements not a byte, but for the heads of fields that are not packed. */
export async function readTensor(reader: MessageReader, end: number): Promise<OnnxTensor> {
  const parts = await readParts(reader, end);
  const type = dataTypeOf(parts.code);
  const name = JSON.stringify(parts.name.slice(0, 80));
  if (type === undefined) {
    const code = parts.code === 0 ? 'malformed' : 'unsupported';
    throw new AssayError(code, `tensor ${name} has elements of the unknown type ${parts.code}`);
  }
  const { dims, docString, metadata } = parts;
  const data = dataOf(reader, parts, type, name);
  return { name: parts.name, type, dims, data, docString, metadata };
}

async function readParts(reader: MessageReader, end: number): Promise<Parts> {
  const { cursor } = reader;
  const parts: Parts = {
    name: '',
    code: 0,
    dims: [],
    raw: undefined,
    field: undefined,
    runs: [],
    counted: 0,
    external: [],
    location: 0,
    docString: '',
    metadata: [],
  };
  let seen = 0;
  while (cursor.next(end) || (await cursor.more(end))) {
    const { number } = cursor;
    const list = LISTS.get(number);
    if (list !== undefined) {
      addToRun(reader, parts, list.field, list.wire);
      continue;
    }
    if (number === 1) {
      await reader.integers((value) => {
        const dim = value.integer();
        if (dim === undefined || dim < 0) throw cursor.bad(`a dimension of ${value.int64()}`);
        cursor.budget.hold(8);
        parts.dims.push(dim);
      });
      continue;
    }
    if (number === 13) parts.external.push(await reader.nested(readProperty));
    else if (number === 16) parts.metadata.push(await reader.nested(readProperty));
    else if (number === 3) {
      throw new AssayError('unsupported', 'a tensor in segments, which no writer makes', { offset: cursor.tagAt });
    } else if (number === 2 || number === 8 || number === 9 || number === 12 || number === 14) {
      seen = reader.once(seen);
      if (number === 2) parts.code = cursor.integer();
      else if (number === 8) parts.name = await reader.text();
      else if (number === 12) parts.docString = await reader.text();
      else if (number === 14) parts.location = cursor.integer();
      else if (cursor.wire !== 2) throw cursor.bad('raw data that is a number');
      else parts.raw = { source: cursor.source, offset: cursor.start, length: cursor.end - cursor.start };
    } else reader.skip('TensorProto');
  }
  return parts;
}

function addToRun(reader: MessageReader, parts: Parts, field: TypedField, wire: WireType): void {
  const { cursor } = reader;
  if (parts.field !== undefined && parts.field !== field) throw cursor.bad('a tensor with two lists of elements');
  parts.field = field;
  const length = cursor.end - cursor.start;
  if (cursor.wire !== wire && cursor.wire !== 2) throw cursor.bad(`elements of wire type ${cursor.wire}`);
  if (field === 'strings' || cursor.wire !== 2) parts.counted++;
  else if (field === 'floats' || field === 'doubles') {
    const bytes = field === 'floats' ? 4 : 8;
    if (length % bytes !== 0) throw cursor.bad(`a list of ${field} of ${length} bytes`);
    parts.counted += length / bytes;
  }
  const last = parts.runs.at(-1);
  if (last !== undefined && last.end === cursor.tagAt) last.end = cursor.end;
  else {
    cursor.budget.hold(RUN_BYTES);
    parts.runs.push({ start: cursor.tagAt, end: cursor.end });
  }
}

function dataOf(reader: MessageReader, parts: Parts, type: DataType, name: string): OnnxTensorData {
  const { source } = reader.cursor;
  const { raw, field, runs, location } = parts;
  const bad = (what: string) => new AssayError('malformed', `tensor ${name} ${what}`, { subject: source.name });
  const count = elementCount(parts.dims, parts.name);
  if (location !== 0 && location !== EXTERNAL) throw bad(`lies at the unknown location ${location}`);
  if (location === EXTERNAL) {
    if (raw !== undefined || field !== undefined) throw bad('has elements in the model and outside of it');
    if (type === 'string') throw bad('has strings outside of the model');
    const at = externalData(parts.external, bad);
    if (at.length !== undefined && at.length !== byteLength(type, count)) {
      throw bad(`needs ${byteLength(type, count)} bytes, and names ${at.length} outside of the model`);
    }
    reader.external.push({ tensor: parts.name, at, ignored: false });
    return { kind: 'external', at };
  }
  if (parts.external.length > 0) {
    reader.external.push({ tensor: parts.name, at: externalData(parts.external, bad), ignored: true });
  }
  if (raw !== undefined) {
    if (field !== undefined) throw bad('has elements as bytes and as a list');
    if (type === 'string') throw bad('has strings as bytes');
    if (raw.length !== byteLength(type, count)) {
      throw bad(`needs ${byteLength(type, count)} bytes, and has ${raw.length}`);
    }
    return { kind: 'raw', range: raw };
  }
  const facts = typeFacts(type);
  if (field === undefined) {
    if (count > 0) throw bad('has no elements');
    return type === 'string'
      ? { kind: 'strings', values: [] }
      : { kind: 'raw', range: { source, offset: 0, length: 0 } };
  }
  if (field !== facts.field) throw bad(`has elements of type ${type} in a list of ${field}`);
  const each = type === 'complex64' || type === 'complex128' ? 2 : 1;
  if ((field === 'floats' || field === 'doubles' || field === 'strings') && parts.counted !== count * each) {
    throw bad(`needs ${count * each} elements, and has ${parts.counted}`);
  }
  return {
    kind: 'typed',
    field,
    runs: runs.map(({ start, end }) => ({ source, offset: start, length: end - start })),
  };
}

/** The keys of the format; one that comes twice would be read in two ways. */
function externalData(entries: readonly OnnxProperty[], bad: (what: string) => AssayError): OnnxExternalData {
  const others: OnnxProperty[] = [];
  const known = new Map<string, string>();
  for (const entry of entries) {
    if (!['location', 'offset', 'length', 'checksum'].includes(entry.key)) others.push(entry);
    else if (known.has(entry.key)) throw bad(`gives ${entry.key} twice`);
    else known.set(entry.key, entry.value);
  }
  const number = (key: string): number | undefined => {
    const text = known.get(key);
    if (text === undefined) return undefined;
    const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    if (!Number.isSafeInteger(value)) throw bad(`gives ${JSON.stringify(text.slice(0, 40))} as ${key}`);
    return value;
  };
  const location = known.get('location');
  if (location === undefined || location === '') throw bad('lies outside of the model, and does not say where');
  return { location, offset: number('offset') ?? 0, length: number('length'), checksum: known.get('checksum'), others };
}

export async function readSparseTensor(reader: MessageReader, end: number): Promise<OnnxSparseTensor> {
  const { cursor } = reader;
  let seen = 0;
  let values: OnnxTensor | undefined;
  let indices: OnnxTensor | undefined;
  const dims: number[] = [];
  while (cursor.next(end) || (await cursor.more(end))) {
    const { number } = cursor;
    if (number === 1 || number === 2) seen = reader.once(seen);
    if (number === 1) values = await reader.nested(readTensor);
    else if (number === 2) indices = await reader.nested(readTensor);
    else if (number === 3) {
      await reader.integers((value) => {
        const dim = value.integer();
        if (dim === undefined || dim < 0) throw cursor.bad(`a dimension of ${value.int64()}`);
        cursor.budget.hold(8);
        dims.push(dim);
      });
    } else reader.skip('SparseTensorProto');
  }
  if (values === undefined || indices === undefined) throw cursor.bad('a sparse tensor without values or indices');
  elementCount(dims, values.name);
  return { values, indices, dims };
}
