import { Hdf5Cursor } from './cursor.ts';
import { elementCountOf, readDataspace } from './dataspace.ts';
import { type Hdf5Type, readDatatype } from './datatype.ts';
import type { GlobalHeaps } from './global-heap.ts';
import { committed, type Message } from './header.ts';
import type { Hdf5Bytes } from './reading.ts';
import { decodeText, fixedText } from './text.ts';

/** A named value of a group or a dataset, whose elements are not decoded yet. */
export interface Hdf5Attribute {
  readonly name: string;
  readonly type: Hdf5Type;
  /** None for a single element; `undefined` for an attribute without elements. */
  readonly shape: readonly number[] | undefined;
  readonly data: Hdf5Cursor;
}

/** @throws AssayError `malformed`, `unsupported` */
export async function readHdf5Attribute(body: Hdf5Cursor, bytes: Hdf5Bytes): Promise<Hdf5Attribute> {
  const version = body.version(1, 2, 3);
  const flags = version === 1 ? 0 : body.u8();
  if (version === 1) body.skip(1);
  const [nameSize, typeSize, spaceSize] = [body.u16(), body.u16(), body.u16()];
  if (version === 3) body.skip(1);
  const part = (size: number, what: string): Hdf5Cursor => {
    const taken = body.part(size, what);
    if (version === 1) body.pad8();
    return taken;
  };
  const nameBytes = part(nameSize, 'attribute name');
  const name = fixedText(nameBytes.bytes, 'terminated', nameBytes);
  const [typeBody, spaceBody] = [part(typeSize, 'attribute type'), part(spaceSize, 'attribute size')];
  if ((flags & 2) !== 0) throw body.unsupported(`${JSON.stringify(name.slice(0, 80))} has a size that is elsewhere`);
  const type = readDatatype((flags & 1) === 0 ? typeBody : (await committed(typeBody, bytes)).body);
  const shape = readDataspace(spaceBody);
  const length = shape === undefined ? 0 : elementCountOf(shape, body) * type.size;
  return { name, type, shape, data: body.part(length, `attribute ${JSON.stringify(name.slice(0, 80))}`) };
}

/** @throws AssayError `malformed` for two of one name */
export async function readAttributes(
  messages: readonly Message[],
  bytes: Hdf5Bytes,
): Promise<ReadonlyMap<string, Hdf5Attribute>> {
  const attributes = new Map<string, Hdf5Attribute>();
  for (const { shared, body } of messages) {
    if (shared) throw body.unsupported('is stored elsewhere');
    const attribute = await readHdf5Attribute(body, bytes);
    if (attributes.has(attribute.name)) throw body.wrong(`has the name ${JSON.stringify(attribute.name)} twice`);
    attributes.set(attribute.name, attribute);
  }
  return attributes;
}

/**
 * The texts of an attribute, in order.
 * @throws AssayError `unsupported` for one that does not hold texts; `malformed` for what is not UTF-8
 */
export async function attributeTexts(
  { type, data }: Hdf5Attribute,
  bytes: Hdf5Bytes,
  heaps: GlobalHeaps,
): Promise<readonly string[]> {
  const all = new Hdf5Cursor(data.bytes, bytes, 'attribute');
  if (type.kind !== 'text' && type.kind !== 'long-text') throw data.unsupported('does not hold texts');
  if (type.kind === 'long-text' && type.size !== 8 + bytes.offsetSize) throw data.wrong('has texts of another size');
  const texts: string[] = [];
  while (all.left > 0) {
    const element = all.part(type.size);
    const held = type.kind === 'text' ? element.bytes : await heaps.object(element);
    bytes.budget.hold(64 + 2 * held.length);
    texts.push(type.kind === 'text' ? fixedText(held, type.padding, data) : decodeText(held, data));
  }
  return texts;
}
