import { AssayError } from '../../../core/index.ts';
import type { ProtoMessageReader } from '../../protobuf/index.ts';
import type { TfAttribute } from '../model.ts';
import type { TfType } from '../types.ts';
import { readTensorProto } from './tensor.ts';
import { knownType, readShape, typeAt } from './values.ts';

/** Bytes that an element of a list takes while it is held. */
const ELEMENT_BYTES = 16;

/** An AttrValue. @returns undefined for one without a value, and for kinds that no operation needs that is looked at */
export async function readAttrValue(reader: ProtoMessageReader, end: number): Promise<TfAttribute | undefined> {
  const { cursor } = reader;
  let value: TfAttribute | undefined;
  while (cursor.next(end) || (await cursor.more(end))) {
    if (value !== undefined) throw cursor.bad('an attribute has two values');
    switch (cursor.number) {
      case 1:
        value = await reader.nested(readList);
        break;
      case 2:
        value = { kind: 'string', value: await reader.bytes() };
        break;
      case 3:
        value = { kind: 'int', value: cursor.int64() };
        break;
      case 4:
        value = { kind: 'float', value: cursor.float() };
        break;
      case 5:
        value = { kind: 'bool', value: cursor.integer() !== 0 };
        break;
      case 6:
        value = { kind: 'type', value: typeAt(reader) };
        break;
      case 7:
        value = { kind: 'shape', value: await reader.nested(readShape) };
        break;
      case 8:
        value = { kind: 'tensor', value: await reader.nested(readTensorProto) };
        break;
      case 10:
        value = { kind: 'function', name: await reader.nested(readFunctionName) };
        break;
      default:
        reader.skip('AttrValue');
    }
  }
  return value;
}

async function readFunctionName(reader: ProtoMessageReader, end: number): Promise<string> {
  const { cursor } = reader;
  let name = '';
  while (cursor.next(end) || (await cursor.more(end))) {
    if (cursor.number === 1) name = await reader.text();
    else reader.skip('NameAttrList');
  }
  return name;
}

/** A list of one kind; an empty one is a list of integers. */
async function readList(reader: ProtoMessageReader, end: number): Promise<TfAttribute | undefined> {
  const { cursor } = reader;
  const ints: bigint[] = [];
  const strings: Uint8Array[] = [];
  const types: TfType[] = [];
  let others = false;
  while (cursor.next(end) || (await cursor.more(end))) {
    if (cursor.number === 2) strings.push(await reader.bytes());
    else if (cursor.number === 3)
      await reader.integers((value) => {
        cursor.budget.hold(ELEMENT_BYTES);
        ints.push(value.int64());
      });
    else if (cursor.number === 6)
      await reader.integers((value) => {
        cursor.budget.hold(ELEMENT_BYTES);
        types.push(knownType(value.integer() ?? -1));
      });
    else {
      others = true;
      reader.skip('AttrValue.ListValue');
    }
  }
  if ([strings, ints, types].filter((list) => list.length > 0).length > 1)
    throw new AssayError('malformed', 'an attribute is a list of several kinds');
  if (strings.length > 0) return { kind: 'strings', value: strings };
  if (types.length > 0) return { kind: 'types', value: types };
  return others && ints.length === 0 ? undefined : { kind: 'ints', value: ints };
}
