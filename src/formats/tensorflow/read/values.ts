import { AssayError } from '../../../core/index.ts';
import type { ProtoMessageReader } from '../../protobuf/index.ts';
import type { TfShape } from '../model.ts';
import { type TfType, tfTypeOf } from '../types.ts';

/** @throws AssayError `unsupported` for a type that TensorFlow does not name */
export function typeAt({ cursor }: ProtoMessageReader): TfType {
  return knownType(cursor.integer());
}

/** @throws AssayError `unsupported` for a number that TensorFlow does not name */
export function knownType(code: number): TfType {
  const type = tfTypeOf(code);
  if (type === undefined) throw new AssayError('unsupported', `the type ${code} of TensorFlow is not known`);
  return type;
}

/** TensorShapeProto. */
export async function readShape(reader: ProtoMessageReader, end: number): Promise<TfShape> {
  const { cursor } = reader;
  const sizes: (number | undefined)[] = [];
  let known = true;
  while (cursor.next(end) || (await cursor.more(end))) {
    if (cursor.number === 2) sizes.push(await reader.nested(readDimension));
    else if (cursor.number === 3) known = cursor.integer() === 0;
    else reader.skip('TensorShapeProto');
  }
  return known ? sizes : undefined;
}

async function readDimension(reader: ProtoMessageReader, end: number): Promise<number | undefined> {
  const { cursor } = reader;
  let size = 0;
  while (cursor.next(end) || (await cursor.more(end))) {
    if (cursor.number === 1) size = cursor.integer();
    else if (cursor.number !== 2) reader.skip('TensorShapeProto.Dim');
  }
  return size < 0 ? undefined : size;
}
