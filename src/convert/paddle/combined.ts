import type { ByteSource } from '../../core/bytes/index.ts';
import { SliceSource } from '../../core/bytes/index.ts';
import { AssayError } from '../../core/index.ts';
import { ByteReader } from '../../formats/index.ts';
import { streamFields } from '../../formats/protobuf/index.ts';
import {
  type Dtype,
  type InputFile,
  rowMajor,
  TensorList,
  type TensorReadOptions,
  type TensorSet,
  writtenBytes,
} from '../tensors/index.ts';

/** `VarType.Type` of framework.proto. */
const TYPES: ReadonlyMap<number, Dtype> = new Map([
  [0, 'BOOL'],
  [1, 'I16'],
  [2, 'I32'],
  [3, 'I64'],
  [4, 'F16'],
  [5, 'F32'],
  [6, 'F64'],
  [20, 'U8'],
  [21, 'I8'],
  [22, 'BF16'],
  [23, 'C64'],
  [32, 'F8_E4M3'],
  [33, 'F8_E5M2'],
  [36, 'U16'],
  [37, 'U32'],
  [38, 'U64'],
]);
const MAX_DESCRIPTION = 4_096;
const MAX_LEVELS = 64;
const DATA_TYPE = 1;
const DIMS = 2;

/**
 * The tensors of a `.pdiparams` file, which has them one after the other without names (paddle/phi/core/framework/
 * dense_tensor_serialize.cc): a version, levels of detail, a version, a description, the elements.
 * @param names of the parameters, in the order in which Paddle writes them
 * @throws AssayError `malformed` when the file does not hold one tensor for each name; `truncated`, `unsupported`
 */
export async function combinedTensors(
  { path, source }: InputFile,
  names: readonly string[],
  { salvage }: Pick<TensorReadOptions, 'salvage'>,
): Promise<TensorSet> {
  const list = new TensorList({ subject: path, salvage });
  let at = 0;
  for (const name of names) {
    if (at === source.size)
      throw new AssayError('malformed', `holds fewer tensors than the program names (${names.length})`, {
        subject: path,
      });
    const { type, shape, start } = await readDescription(source, at, path);
    const dtype = TYPES.get(type);
    if (dtype === undefined)
      // The size of its elements is not known, so that what follows cannot be found.
      throw new AssayError('unsupported', `${name} is a tensor of the type ${type}, which safetensors does not have`, {
        subject: path,
      });
    const length = writtenBytes({ name, dtype, shape });
    if (start + length > source.size)
      throw new AssayError('truncated', `${name} reaches beyond the end of the file`, { subject: path, offset: start });
    const bytes = new SliceSource(source, start, length, source.name);
    list.add({ name, dtype, shape, strides: rowMajor(shape), offset: 0, bytes, bigEndian: false });
    at = start + length;
  }
  if (at !== source.size)
    throw new AssayError('malformed', `holds more tensors than the program names (${names.length})`, {
      subject: path,
      offset: at,
    });
  return list.result();
}

interface Description {
  readonly type: number;
  readonly shape: readonly number[];
  /** Where the elements begin. */
  readonly start: number;
}

async function readDescription(source: ByteSource, at: number, path: string): Promise<Description> {
  const refuse = (what: string) => new AssayError('malformed', what, { subject: path, offset: at });
  const reader = new ByteReader(source, at, MAX_DESCRIPTION);
  await reader.fill(12);
  if (reader.u32() !== 0) throw refuse('a tensor does not have the version 0');
  const levels = reader.u64();
  if (levels > MAX_LEVELS) throw refuse(`a tensor with ${levels} levels of detail`);
  for (let level = 0; level < levels; level++) {
    await reader.fill(8);
    reader.skip(reader.u64());
  }
  await reader.fill(8);
  if (reader.u32() !== 0) throw refuse('a tensor does not have the version 0');
  const length = reader.u32();
  if (length > MAX_DESCRIPTION) throw refuse(`the description of a tensor has ${length} bytes`);
  const start = reader.offset + length;
  if (start > source.size) throw new AssayError('truncated', 'ends within a tensor', { subject: path, offset: at });
  let type: number | undefined;
  const shape: number[] = [];
  for await (const field of streamFields(source, reader.offset, start)) {
    if (field.wire !== 0) throw refuse('the description of a tensor has another form than Paddle writes');
    if (field.number === DATA_TYPE && type === undefined) type = field.value;
    else if (field.number === DIMS && Number.isSafeInteger(field.value)) shape.push(field.value);
    else throw refuse('the description of a tensor has another form than Paddle writes');
  }
  if (type === undefined) throw refuse('a tensor has no type');
  return { type, shape, start };
}
