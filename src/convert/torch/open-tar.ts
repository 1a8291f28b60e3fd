import { type ByteSource, SliceSource } from '../../core/bytes/index.ts';
import { AssayError, DEFAULT_LIMITS, isContentError } from '../../core/index.ts';
import { u32le } from '../../formats/index.ts';
import { dictOf, type Inert, readInert, sequenceOf, wholeCount } from '../../formats/pickle/inert/index.ts';
import { readTar, TORCH_TAR_MEMBERS } from '../../formats/tar/index.ts';
import { DTYPE_BYTES, type Dtype, type TensorReadOptions, withinBytes } from '../tensors/index.ts';
import type { TarCheckpoint, TarTensor } from './checkpoint.ts';
import { storageKind } from './dtypes.ts';

const MAX_DIMENSIONS = 64;
/** Storages and tensors of one file. */
const MAX_ITEMS = 1_000_000;

interface TarStorage {
  readonly dtype: Dtype;
  readonly bytes: ByteSource;
}

/**
 * Opens a tar that PyTorch before 0.1.10 wrote (torch/serialization.py, `legacy_load`): storages, tensors as views of them, and
 * a pickle that names tensors by number.
 * @throws AssayError `malformed` for archives that loaders read in different ways; `truncated`, `unsupported`, `limit`
 */
export async function openTar(source: ByteSource, options: TensorReadOptions): Promise<TarCheckpoint> {
  const members = await membersOf(source, options);
  const member = (name: string) => {
    const found = members.get(name);
    if (found === undefined)
      throw new AssayError('malformed', `the archive has no member ${name}`, { subject: source.name });
    return found;
  };
  const system = await readInert(member('sys_info'), 0, options);
  if (dictOf(system.value)?.get('little_endian') !== true)
    throw new AssayError('unsupported', 'its numbers are not little-endian', { subject: source.name });
  const storages = await readStorages(member('storages'), options);
  const tensors = await readTensors(member('tensors'), storages, options);
  return { pickle: await readInert(member('pickle'), 0, options), tensor: (key) => tensors.get(key) };
}

/** Whether a tar has the members that PyTorch wrote. */
export async function isTorchTar(source: ByteSource): Promise<boolean> {
  try {
    const left = new Set(TORCH_TAR_MEMBERS);
    for await (const { name } of readTar(source, DEFAULT_LIMITS)) {
      left.delete(name);
      if (left.size === 0) return true;
    }
    return false;
  } catch (error) {
    // What is not an archive is not one of PyTorch's.
    if (isContentError(error)) return false;
    throw error;
  }
}

async function membersOf(source: ByteSource, options: TensorReadOptions): Promise<ReadonlyMap<string, ByteSource>> {
  const members = new Map<string, ByteSource>();
  for await (const { name, kind, dataStart, dataEnd } of readTar(source, options.limits)) {
    if (!TORCH_TAR_MEMBERS.includes(name)) continue;
    if (kind !== 'file' || members.has(name))
      throw new AssayError('malformed', `its member ${name} is not a file, or occurs twice`, { subject: source.name });
    members.set(name, new SliceSource(source, dataStart, dataEnd - dataStart, `${source.name}!${name}`));
  }
  return members;
}

/** A count; a tuple `(key, location, class)` and elements for each; then storages that are parts of others. */
async function readStorages(source: ByteSource, options: TensorReadOptions): Promise<ReadonlyMap<number, TarStorage>> {
  const refuse = (what: string) => new AssayError('malformed', what, { subject: source.name });
  const storages = new Map<number, TarStorage>();
  const add = (key: Inert | undefined, storage: TarStorage) => {
    const number = wholeCount(key);
    if (number === undefined || storages.has(number)) throw refuse('the key of a storage is not a number of its own');
    storages.set(number, storage);
  };
  let { at, count } = await countAt(source, options);
  for (; count > 0; count--) {
    const head = await readInert(source, at, options);
    const [key, , cls] = sequenceOf(head.value) ?? [];
    const kind = storageKind(cls);
    if (kind.kind !== 'typed') throw refuse('a storage is not of a type that safetensors has');
    const start = head.end + 8;
    const [elements = 0] = await wholeNumbers(source, head.end, 1);
    const length = elements * DTYPE_BYTES[kind.dtype];
    if (!Number.isSafeInteger(length) || start + length > source.size)
      throw refuse('a storage reaches beyond the end of its member');
    add(key, { dtype: kind.dtype, bytes: new SliceSource(source, start, length, source.name) });
    at = start + length;
  }
  const views = await readInert(source, at, options);
  for (const view of sequenceOf(views.value) ?? []) {
    const [key, root, offset, size, ...rest] = sequenceOf(view) ?? [];
    const whole = storages.get(wholeCount(root) ?? -1);
    const [first, elements] = [wholeCount(offset), wholeCount(size)];
    if (whole === undefined || first === undefined || elements === undefined || rest.length > 0)
      throw refuse('a part of a storage does not contain its place');
    const width = DTYPE_BYTES[whole.dtype];
    const part = new SliceSource(whole.bytes, first * width, elements * width, source.name);
    add(key, { dtype: whole.dtype, bytes: part });
  }
  return storages;
}

/** A count; then `(key, storage, class)` and the layout of each tensor. */
async function readTensors(
  source: ByteSource,
  storages: ReadonlyMap<number, TarStorage>,
  options: TensorReadOptions,
): Promise<ReadonlyMap<string, TarTensor>> {
  const refuse = (what: string) => new AssayError('malformed', what, { subject: source.name });
  const tensors = new Map<string, TarTensor>();
  let { at, count } = await countAt(source, options);
  for (; count > 0; count--) {
    const head = await readInert(source, at, options);
    const [key, id] = (sequenceOf(head.value) ?? []).map(wholeCount);
    const storage = storages.get(id ?? -1);
    if (key === undefined || storage === undefined || tensors.has(String(key)))
      throw refuse('a tensor does not name a storage, or has the key of another one');
    const dimensions = u32le(await source.read(head.end, 4), 0);
    if (dimensions > MAX_DIMENSIONS) throw refuse(`a tensor of ${dimensions} dimensions`);
    const numbers = await wholeNumbers(source, head.end + 8, 2 * dimensions + 1);
    const { dtype, bytes } = storage;
    const view = {
      dtype,
      shape: numbers.slice(0, dimensions),
      strides: numbers.slice(dimensions, 2 * dimensions),
      offset: numbers[2 * dimensions] ?? 0,
      bytes,
      bigEndian: false,
    };
    withinBytes({ ...view, name: String(key) });
    tensors.set(String(key), view);
    at = head.end + 8 + numbers.length * 8;
  }
  return tensors;
}

async function countAt(source: ByteSource, options: TensorReadOptions): Promise<{ at: number; count: number }> {
  const { value, end } = await readInert(source, 0, options);
  const count = wholeCount(value);
  if (count === undefined || count > MAX_ITEMS)
    throw new AssayError('malformed', 'does not begin with a count', { subject: source.name });
  return { at: end, count };
}

/** @throws AssayError `malformed` for negative numbers, and those that are not exact */
async function wholeNumbers(source: ByteSource, at: number, count: number): Promise<number[]> {
  const bytes = await source.read(at, count * 8);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: count }, (_, i) => {
    const number = Number(view.getBigInt64(i * 8, true));
    if (!Number.isSafeInteger(number) || number < 0)
      throw new AssayError('malformed', `a tensor has the impossible size ${number}`, { subject: source.name });
    return number;
  });
}
