import { AssayError } from '../../../core/index.ts';
import { type DataType, dataTypeOf } from '../data-type.ts';
import type { OnnxDimension, OnnxOpset, OnnxProperty, OnnxType, OnnxValue } from '../model.ts';
import type { MessageReader } from './message-reader.ts';

/** Readers of the small messages. Each reads the fields up to `end`, and is handed to `MessageReader.nested`. */

export async function readProperty(reader: MessageReader, end: number): Promise<OnnxProperty> {
  const { cursor } = reader;
  let seen = 0;
  let key = '';
  let value = '';
  while (cursor.next(end) || (await cursor.more(end))) {
    if (cursor.number === 1) {
      seen = reader.once(seen);
      key = await reader.text();
    } else if (cursor.number === 2) {
      seen = reader.once(seen);
      value = await reader.text();
    } else reader.skip('StringStringEntryProto');
  }
  return { key, value };
}

export async function readOpset(reader: MessageReader, end: number): Promise<OnnxOpset> {
  const { cursor } = reader;
  let seen = 0;
  let domain = '';
  let version = 0;
  while (cursor.next(end) || (await cursor.more(end))) {
    if (cursor.number === 1) {
      seen = reader.once(seen);
      domain = await reader.text();
    } else if (cursor.number === 2) {
      seen = reader.once(seen);
      version = cursor.integer();
    } else reader.skip('OperatorSetIdProto');
  }
  return { domain, version };
}

export async function readValue(reader: MessageReader, end: number): Promise<OnnxValue> {
  const { cursor } = reader;
  let seen = 0;
  let name = '';
  let type: OnnxType | undefined;
  let docString = '';
  const metadata: OnnxProperty[] = [];
  while (cursor.next(end) || (await cursor.more(end))) {
    const { number } = cursor;
    if (number >= 1 && number <= 3) seen = reader.once(seen);
    if (number === 1) name = await reader.text();
    else if (number === 2) type = await reader.nested(readType);
    else if (number === 3) docString = await reader.text();
    else if (number === 4) metadata.push(await reader.nested(readProperty));
    else reader.skip('ValueInfoProto');
  }
  return { name, type, docString, metadata };
}

/** The kinds of a TypeProto, by field number. */
const KINDS = {
  1: 'tensor',
  4: 'sequence',
  5: 'map',
  7: 'opaque',
  8: 'sparse-tensor',
  9: 'optional',
} as const;

type Kind = (typeof KINDS)[keyof typeof KINDS];

function kindOf(number: number): Kind | undefined {
  return Object.hasOwn(KINDS, number) ? KINDS[number as keyof typeof KINDS] : undefined;
}

/** @returns undefined for a type that says nothing */
export async function readType(reader: MessageReader, end: number): Promise<OnnxType | undefined> {
  const { cursor } = reader;
  let seen = 0;
  let denotation = '';
  let type: TypeBody | undefined;
  while (cursor.next(end) || (await cursor.more(end))) {
    const kind = kindOf(cursor.number);
    if (kind !== undefined) {
      if (type !== undefined) throw cursor.bad('a type of two kinds');
      type = await reader.nested((inner, bodyEnd) => readBody(inner, bodyEnd, kind));
    } else if (cursor.number === 6) {
      seen = reader.once(seen);
      denotation = await reader.text();
    } else reader.skip('TypeProto');
  }
  return type === undefined ? undefined : { denotation, ...type };
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
type TypeBody = DistributiveOmit<OnnxType, 'denotation'>;

function readBody(reader: MessageReader, end: number, kind: Kind): Promise<TypeBody> {
  if (kind === 'tensor' || kind === 'sparse-tensor') return readTensorType(reader, end, kind);
  if (kind === 'map') return readMapType(reader, end);
  return kind === 'opaque' ? readOpaqueType(reader, end) : readElementType(reader, end, kind);
}

async function readTensorType(reader: MessageReader, end: number, kind: 'tensor' | 'sparse-tensor'): Promise<TypeBody> {
  const { cursor } = reader;
  let seen = 0;
  let element: DataType | undefined;
  let shape: readonly OnnxDimension[] | undefined;
  while (cursor.next(end) || (await cursor.more(end))) {
    if (cursor.number > 2) reader.skip('TypeProto.Tensor');
    else {
      seen = reader.once(seen);
      if (cursor.number === 1) element = elementType(reader);
      else shape = await reader.nested(readShape);
    }
  }
  return { kind, element, shape };
}

async function readElementType(reader: MessageReader, end: number, kind: 'sequence' | 'optional'): Promise<TypeBody> {
  const { cursor } = reader;
  let seen = 0;
  let element: OnnxType | undefined;
  while (cursor.next(end) || (await cursor.more(end))) {
    if (cursor.number === 1) {
      seen = reader.once(seen);
      element = await reader.nested(readType);
    } else reader.skip('TypeProto.Sequence');
  }
  return { kind, element };
}

async function readMapType(reader: MessageReader, end: number): Promise<TypeBody> {
  const { cursor } = reader;
  let seen = 0;
  let key: DataType | undefined;
  let value: OnnxType | undefined;
  while (cursor.next(end) || (await cursor.more(end))) {
    if (cursor.number > 2) reader.skip('TypeProto.Map');
    else {
      seen = reader.once(seen);
      if (cursor.number === 1) key = elementType(reader);
      else value = await reader.nested(readType);
    }
  }
  if (key === undefined) throw cursor.bad('a map without a type of its keys');
  return { kind: 'map', key, value };
}

async function readOpaqueType(reader: MessageReader, end: number): Promise<TypeBody> {
  const { cursor } = reader;
  let seen = 0;
  let domain = '';
  let name = '';
  while (cursor.next(end) || (await cursor.more(end))) {
    if (cursor.number > 2) reader.skip('TypeProto.Opaque');
    else {
      seen = reader.once(seen);
      if (cursor.number === 1) domain = await reader.text();
      else name = await reader.text();
    }
  }
  return { kind: 'opaque', domain, name };
}

/** @returns undefined for 0, which says that the type is not known */
function elementType(reader: MessageReader): DataType | undefined {
  const code = reader.cursor.count();
  if (code === 0) return undefined;
  const type = dataTypeOf(code);
  if (type === undefined) {
    throw new AssayError('unsupported', `elements of the unknown type ${code}`, { offset: reader.cursor.tagAt });
  }
  return type;
}

async function readShape(reader: MessageReader, end: number): Promise<readonly OnnxDimension[]> {
  const { cursor } = reader;
  const dimensions: OnnxDimension[] = [];
  while (cursor.next(end) || (await cursor.more(end))) {
    if (cursor.number === 1) dimensions.push(await reader.nested(readDimension));
    else reader.skip('TensorShapeProto');
  }
  return dimensions;
}

async function readDimension(reader: MessageReader, end: number): Promise<OnnxDimension> {
  const { cursor } = reader;
  let seen = 0;
  let size: number | string | undefined;
  let denotation = '';
  while (cursor.next(end) || (await cursor.more(end))) {
    if (cursor.number > 3) {
      reader.skip('TensorShapeProto.Dimension');
      continue;
    }
    seen = reader.once(seen);
    if (cursor.number === 3) denotation = await reader.text();
    else {
      if (size !== undefined) throw cursor.bad('a dimension of two sizes');
      size = cursor.number === 1 ? cursor.integer() : await reader.text();
    }
  }
  return { size, denotation };
}
