import type { Hdf5Cursor } from './cursor.ts';
import { elementCountOf, readDataspace } from './dataspace.ts';
import { type Hdf5Type, readDatatype } from './datatype.ts';
import { type Filter, readFilters } from './filters.ts';
import { MESSAGE, type Message } from './header.ts';
import { readExternal, readLayout, type StorageLayout } from './layout.ts';
import type { Hdf5Bytes } from './reading.ts';

/** An array of the file. Its elements are where they are. */
export interface Hdf5Dataset {
  /** None for a single element. */
  readonly shape: readonly number[];
  readonly type: Hdf5Type;
  readonly layout: StorageLayout;
  readonly filters: readonly Filter[];
  /** Bytes of all elements. */
  readonly length: number;
  /** Whether elements that were never written are zero. */
  readonly zeroFill: boolean;
}

/**
 * The dataset that the messages of an object describe; `undefined` for an object that is not one.
 * @throws AssayError `unsupported` for a type that is elsewhere; `malformed`
 */
export function readDataset(messages: readonly Message[], bytes: Hdf5Bytes): Hdf5Dataset | undefined {
  const layoutBody = only(messages, MESSAGE.layout);
  if (layoutBody === undefined) return undefined;
  const externalBody = only(messages, MESSAGE.external);
  const [spaceBody, typeBody] = [only(messages, MESSAGE.dataspace), only(messages, MESSAGE.datatype)];
  if (spaceBody === undefined || typeBody === undefined) throw layoutBody.wrong('has no shape or no type');
  // One that has no elements at all has no shape either.
  const shape = readDataspace(spaceBody) ?? [0];
  const type = readDatatype(typeBody);
  const length = elementCountOf(shape, spaceBody) * type.size;
  if (!Number.isSafeInteger(length)) throw spaceBody.wrong('has more bytes than any file');
  const layout =
    externalBody === undefined
      ? checked(readLayout(layoutBody, bytes), { shape, type, length }, layoutBody)
      : readExternal(externalBody);
  const filterBody = only(messages, MESSAGE.filters);
  const filters = filterBody === undefined ? [] : readFilters(filterBody);
  if (filters.length > 0 && layout.kind !== 'chunked') throw layoutBody.wrong('has filters without chunks');
  return { shape, type, layout, filters, length, zeroFill: fillsWithZero(messages) };
}

function checked(
  layout: StorageLayout,
  { shape, type, length }: Pick<Hdf5Dataset, 'shape' | 'type' | 'length'>,
  body: Hdf5Cursor,
): StorageLayout {
  if (layout.kind === 'compact') {
    if (layout.data.length !== length) throw body.wrong(`has ${layout.data.length} bytes, not ${length}`);
    return layout;
  }
  if (layout.kind === 'contiguous') {
    // The old form does not say how long the elements are.
    const stated = Number.isNaN(layout.length) ? length : layout.length;
    if (layout.address !== undefined && stated !== length) throw body.wrong(`has ${stated} bytes, not ${length}`);
    return { ...layout, length };
  }
  if (layout.kind !== 'chunked') return layout;
  if (
    shape.length === 0 ||
    layout.chunk.length !== shape.length ||
    layout.elementSize !== type.size ||
    layout.chunk.includes(0)
  )
    throw body.wrong('has chunks that do not fit its shape and type');
  return layout;
}

function fillsWithZero(messages: readonly Message[]): boolean {
  const [old, body] = [only(messages, MESSAGE.oldFill), only(messages, MESSAGE.fill)];
  if (body === undefined) return old === undefined || old.take(old.u32()).every((byte) => byte === 0);
  const version = body.version(1, 2, 3);
  if (version === 3) {
    const flags = body.u8();
    return (flags & 0x20) === 0 || body.take(body.u32()).every((byte) => byte === 0);
  }
  body.skip(2);
  const defined = body.u8();
  return (version === 2 && defined === 0) || body.take(body.u32()).every((byte) => byte === 0);
}

/** The message of a type that an object has once. @throws AssayError `malformed` for two; `unsupported` for one elsewhere */
function only(messages: readonly Message[], type: number): Hdf5Cursor | undefined {
  const [first, second] = messages.filter((message) => message.type === type);
  if (first === undefined) return undefined;
  if (second !== undefined) throw first.body.wrong('is in an object twice');
  if (first.shared) throw first.body.unsupported('is stored elsewhere');
  return first.body;
}
