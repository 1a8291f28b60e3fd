import { byteLength, dataTypeOf, typeFacts } from '../data-type.ts';
import { describeHidden } from './hidden.ts';
import type { MessageWalker } from './walker.ts';

/** The lists of typed elements by field number. */
const LISTS: ReadonlyMap<number, string> = new Map([
  [4, 'floats'],
  [5, 'int32s'],
  [6, 'strings'],
  [7, 'int64s'],
  [10, 'doubles'],
  [11, 'uint64s'],
]);
const EXTERNAL = 1;
/** Entries of external data that the onnx package and ONNX Runtime write besides place and length. */
const OTHER_KEYS = /^(?:checksum|basepath|prepacked_\w{1,100})$/;
const MAX_DIMS = 1_000;
/** Bytes of a number as a varint. */
const MAX_VARINT = 10;

interface Seen {
  name: string;
  type: number;
  readonly dims: bigint[];
  rawBytes: number | undefined;
  readonly lists: Set<string>;
  /** Elements of the lists, and the bytes of packed ones that are not counted. */
  counted: number;
  packed: number;
  located: boolean;
  readonly locations: string[];
  readonly offsets: string[];
  readonly lengths: string[];
  entries: number;
}

/** Surveys the TensorProto of the current field; of its elements not one is read, but for the beginning of each text. */
export async function surveyTensor(walker: MessageWalker): Promise<void> {
  const { cursor, survey } = walker;
  const offset = cursor.tagAt;
  survey.tensors++;
  const seen: Seen = {
    name: '',
    type: 0,
    dims: [],
    rawBytes: undefined,
    lists: new Set(),
    counted: 0,
    packed: 0,
    located: false,
    locations: [],
    offsets: [],
    lengths: [],
    entries: 0,
  };
  await walker.nested('TensorProto', (number) => takeField(walker, seen, number));
  const bytes = checkElements(walker, seen, offset);
  if (seen.located || seen.entries > 0) {
    walker.keep(seen.name.length + seen.locations.reduce((sum, one) => sum + one.length, 0));
    const { locations, offsets, lengths, name: tensor } = seen;
    survey.external.push({ tensor, locations, offsets, lengths, bytes, ignored: !seen.located, offset });
  }
}

function takeField(walker: MessageWalker, seen: Seen, number: number): Promise<void> | undefined {
  const { cursor, survey } = walker;
  const list = LISTS.get(number);
  if (list !== undefined) {
    seen.lists.add(list);
    if (list === 'strings') {
      seen.counted++;
      return cursor.end - cursor.start > 3 ? takeText(walker, seen) : undefined;
    }
    if (cursor.wire !== 2) seen.counted++;
    else if (list === 'floats' || list === 'doubles')
      seen.counted += (cursor.end - cursor.start) / (list === 'floats' ? 4 : 8);
    else seen.packed += cursor.end - cursor.start;
    return undefined;
  }
  if (number === 1) return walker.integers((dim) => void (seen.dims.length <= MAX_DIMS && seen.dims.push(dim)));
  if (number === 2) seen.type = walker.int32();
  else if (number === 8)
    return walker.text('the name of a tensor').then((name) => {
      seen.name = name;
    });
  else if (number === 9) {
    seen.rawBytes = cursor.end - cursor.start;
    const last = survey.raw.at(-1);
    if (last?.end === cursor.start) last.end = cursor.end;
    else if (cursor.end - cursor.start >= 64) {
      walker.budget.hold(32);
      survey.raw.push({ start: cursor.start, end: cursor.end });
    }
  } else if (number === 13) return takeEntry(walker, seen);
  // Whichever comes last, a reader may have taken the other.
  else if (number === 14) seen.located ||= walker.int32() === EXTERNAL;
  else if (number === 3) {
    walker.fault({
      kind: 'tensor',
      subject: 'segment',
      message: 'a tensor is one of several segments, which no writer makes and no reader joins',
      offset: cursor.tagAt,
    });
  }
  return undefined;
}

async function takeText(walker: MessageWalker, seen: Seen): Promise<void> {
  const { start } = walker.cursor;
  const what = describeHidden(await walker.head(64));
  if (what !== undefined)
    walker.survey.hidden.push({ where: `tensor ${JSON.stringify(seen.name)}`, what, offset: start });
}

async function takeEntry(walker: MessageWalker, seen: Seen): Promise<void> {
  const keys: string[] = [];
  const values: string[] = [];
  seen.entries++;
  await walker.nested('StringStringEntryProto', (number) =>
    walker.text('an entry of external data').then((text) => void (number === 1 ? keys : values).push(text)),
  );
  // An entry without a value is one with an empty value.
  const given = values.length === 0 ? [''] : values;
  for (const key of keys) {
    if (key === 'location') seen.locations.push(...given);
    else if (key === 'offset') seen.offsets.push(...given);
    else if (key === 'length') seen.lengths.push(...given);
    else if (!OTHER_KEYS.test(key)) unknownKey(walker, key);
  }
}

/** Releases of the onnx package give each key as an attribute to an object of Python. */
function unknownKey(walker: MessageWalker, key: string): void {
  const message = `the external data of a tensor has the entry ${JSON.stringify(key.slice(0, 80))}, which the format does not name`;
  walker.fault({ kind: 'tensor', subject: `entry:${key}`, message, offset: walker.cursor.tagAt });
}

/** Holds the elements against type and dimensions. @returns the bytes that they need; undefined when that is not known */
function checkElements(walker: MessageWalker, seen: Seen, offset: number): number | undefined {
  const { survey } = walker;
  const bad = (what: string) =>
    walker.fault({
      kind: 'tensor',
      subject: seen.name,
      message: `tensor ${JSON.stringify(seen.name.slice(0, 80))} ${what}`,
      offset,
    });
  const type = dataTypeOf(seen.type);
  if (type === undefined) {
    if (seen.type === 0) bad('does not say of which type its elements are');
    else survey.unknownTypes.set(`elements of the type ${seen.type}`, offset);
    return undefined;
  }
  const count = dimsProduct(seen.dims);
  if (count === undefined) {
    bad('has a negative dimension, or more than 2^53 elements');
    return undefined;
  }
  const bytes = byteLength(type, count);
  const { rawBytes, lists } = seen;
  if ((rawBytes === undefined ? 0 : 1) + lists.size > 1) bad('has its elements twice, in two ways');
  if (seen.located) {
    if (rawBytes !== undefined || lists.size > 0) bad('has elements in the model and outside of it');
    if (type === 'string') bad('has texts outside of the model');
    return bytes;
  }
  if (rawBytes !== undefined) {
    if (type === 'string') bad('has texts as bytes');
    else if (rawBytes !== bytes) bad(`needs ${bytes} bytes, and has ${rawBytes}`);
    return bytes;
  }
  if (lists.size === 0) {
    if (count > 0) bad('has no elements');
    return bytes;
  }
  const { field } = typeFacts(type);
  if (!lists.has(field)) bad(`has elements of type ${type} in a list of ${[...lists].join()}`);
  const each = type === 'complex64' || type === 'complex128' ? 2 : 1;
  // Elements of less than a byte lie side by side in a number.
  const perNumber = typeFacts(type).bits > 0 && typeFacts(type).bits < 8 ? Math.floor(8 / typeFacts(type).bits) : 1;
  const needed = perNumber === 1 ? count * each : Math.ceil(count / perNumber);
  const { counted, packed } = seen;
  const fits =
    packed === 0 ? counted === needed : counted + packed >= needed && counted + packed / MAX_VARINT <= needed;
  // Writers of small types differ on whether elements lie side by side.
  if (!fits && !(perNumber > 1 && counted + packed >= needed))
    bad(`needs ${needed} elements, and has ${counted + packed}`);
  return bytes;
}

/** @returns undefined when a dimension is negative, or there are too many elements */
export function dimsProduct(dims: readonly bigint[]): number | undefined {
  if (dims.some((dim) => dim < 0n)) return undefined;
  if (dims.includes(0n)) return 0;
  let count = 1n;
  for (const dim of dims) {
    count *= dim;
    if (count > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
  }
  return Number(count);
}
