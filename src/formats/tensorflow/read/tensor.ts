import { AssayError } from '../../../core/index.ts';
import type { ProtoMessageReader } from '../../protobuf/index.ts';
import type { TfShape, TfTensor } from '../model.ts';
import { type TfType, tfTypeBytes } from '../types.ts';
import { readShape, typeAt } from './values.ts';

const ELEMENT_BYTES = 16;
/** The lists of a TensorProto, by the types whose elements they hold. */
const FLOAT = 5;
const DOUBLE = 6;
const INT = 7;
const STRING = 8;
const INT64 = 10;
const BOOL = 11;
const HALF = 13;
const UINT32 = 16;
const UINT64 = 17;

const LISTS: Readonly<Partial<Record<TfType, number>>> = {
  float32: FLOAT,
  float64: DOUBLE,
  int32: INT,
  int16: INT,
  uint16: INT,
  int8: INT,
  uint8: INT,
  string: STRING,
  int64: INT64,
  bool: BOOL,
  float16: HALF,
  bfloat16: HALF,
  uint32: UINT32,
  uint64: UINT64,
};

/** A TensorProto. Content that is a run of bytes stays where it is. */
export async function readTensorProto(reader: ProtoMessageReader, end: number): Promise<TfTensor> {
  const { cursor } = reader;
  let type: TfType | undefined;
  let shape: TfShape = [];
  let content: TfTensor['data'] | undefined;
  const values: (number | bigint)[] = [];
  const strings: Uint8Array[] = [];
  const lists = new Set<number>();
  const take = (value: number | bigint) => {
    cursor.budget.hold(ELEMENT_BYTES);
    values.push(value);
  };
  while (cursor.next(end) || (await cursor.more(end))) {
    const { number } = cursor;
    if (number === 1) type = typeAt(reader);
    else if (number === 2) shape = await reader.nested(readShape);
    else if (number === 4) {
      if (cursor.wire !== 2) throw cursor.bad('the content of a tensor is not bytes');
      content = {
        kind: 'raw',
        range: { source: cursor.source, offset: cursor.start, length: cursor.end - cursor.start },
      };
    } else if (number === STRING) {
      lists.add(number);
      strings.push(await reader.bytes());
    } else if (number === FLOAT) {
      lists.add(number);
      await reader.floats(take);
    } else if (number === DOUBLE) {
      lists.add(number);
      await readDoubles(reader, take);
    } else if (number >= INT && number <= UINT64 && number !== 9 && number !== 12 && number !== 14 && number !== 15) {
      lists.add(number);
      await reader.integers((value) => take(value.int64()));
    } else if (number !== 3) reader.skip('TensorProto');
  }
  return checked({ type, shape, content, values, strings, lists });
}

async function readDoubles(reader: ProtoMessageReader, take: (value: number) => void): Promise<void> {
  const { cursor } = reader;
  const bytes = cursor.wire === 1 ? cursor.fixed() : await reader.content();
  if (bytes.length % 8 !== 0) throw cursor.bad(`a list of doubles of ${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < bytes.length; at += 8) take(view.getFloat64(at, true));
}

interface Parts {
  readonly type: TfType | undefined;
  readonly shape: TfShape;
  readonly content: TfTensor['data'] | undefined;
  readonly values: readonly (number | bigint)[];
  readonly strings: readonly Uint8Array[];
  readonly lists: ReadonlySet<number>;
}

/** @throws AssayError `malformed` for elements that are not those of the type and the shape */
function checked({ type, shape, content, values, strings, lists }: Parts): TfTensor {
  const wrong = (what: string) => new AssayError('malformed', `a tensor of TensorFlow ${what}`);
  if (type === undefined) throw wrong('has no type');
  if (shape === undefined || shape.some((size) => size === undefined)) throw wrong('has no shape');
  const dims = shape.map((size) => size ?? 0);
  const count = tfElements(dims);
  if (lists.size > 1 || (lists.size > 0 && content !== undefined)) throw wrong('has its elements twice');
  const [list] = lists;
  if (list !== undefined && list !== LISTS[type]) throw wrong(`of ${type} has elements of another type`);
  if (content?.kind === 'raw') {
    const bytes = tfTypeBytes(type);
    if (bytes === undefined || content.range.length !== bytes * count)
      throw wrong(`of ${type} has ${content.range.length} bytes for ${count} elements`);
    return { type, dims, data: content };
  }
  if (type === 'string') {
    if (strings.length > count) throw wrong(`has ${strings.length} texts for ${count} elements`);
    return { type, dims, data: { kind: 'strings', values: strings } };
  }
  if (values.length > count) throw wrong(`has ${values.length} elements for ${count}`);
  return { type, dims, data: { kind: 'listed', values } };
}

/** @throws AssayError `malformed` for more elements than 2^53 */
export function tfElements(dims: readonly number[]): number {
  if (dims.includes(0)) return 0;
  const count = dims.reduce((product, size) => product * size, 1);
  if (Number.isSafeInteger(count)) return count;
  throw new AssayError('malformed', 'a tensor of TensorFlow has more than 2^53 elements');
}
