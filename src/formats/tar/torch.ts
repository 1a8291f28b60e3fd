import { type ByteSource, SliceSource } from '../../core/bytes/index.ts';
import { AssayError } from '../../core/index.ts';

/** What PyTorch before 0.2 wrote into its tars (`torch/serialization.py`, `legacy_load`). */
export const TORCH_TAR_MEMBERS = ['sys_info', 'pickle', 'storages', 'tensors'];

/** A stretch of such a member: a pickle, or raw bytes. */
export interface TorchTarPart {
  readonly kind: 'pickle' | 'raw';
  readonly start: number;
  readonly end: number;
}

/** What running the pickle at `start` shows: where it ends, the classes it names; nothing when it does not run to its end. */
export type TorchTarProbe = (
  source: ByteSource,
  start: number,
) => Promise<{ end: number; names: readonly string[] } | undefined>;

const ELEMENT_BYTES: Readonly<Record<string, number>> = {
  DoubleStorage: 8,
  LongStorage: 8,
  FloatStorage: 4,
  IntStorage: 4,
  HalfStorage: 2,
  ShortStorage: 2,
  ByteStorage: 1,
  CharStorage: 1,
};

/**
 * `storages` and `tensors` begin with a pickled count; each item is a pickled tuple and raw numbers. Splits them where the
 * pickles end.
 * @throws AssayError `malformed`, `truncated`, where that is not how the bytes go on.
 */
export async function* torchTarParts(
  name: string,
  source: ByteSource,
  probe: TorchTarProbe,
): AsyncGenerator<TorchTarPart, void> {
  let at = 0;
  for (let items = 0; at < source.size; items++) {
    const pickle = await probe(source, at);
    if (pickle === undefined)
      throw new AssayError('malformed', `${name} does not continue with a pickle`, { offset: at });
    yield { kind: 'pickle', start: at, end: pickle.end };
    at = pickle.end;
    if (items === 0) continue;
    const raw = name === 'storages' ? await storageBytes(source, at, pickle.names) : await tensorBytes(source, at);
    if (!Number.isSafeInteger(raw) || at + raw > source.size)
      throw new AssayError('truncated', `${name} ends within an item`, { offset: at });
    yield { kind: 'raw', start: at, end: at + raw };
    at += raw;
  }
}

/** A count of elements, then those. */
async function storageBytes(source: ByteSource, at: number, names: readonly string[]): Promise<number> {
  const sizes = names
    .map((name) => ELEMENT_BYTES[name.slice(name.lastIndexOf('.') + 1)])
    .filter((size) => size !== undefined);
  const [size] = sizes;
  if (sizes.length !== 1 || size === undefined)
    throw new AssayError('malformed', 'a storage of an unknown type', { offset: at });
  return 8 + (await u64(source, at)) * size;
}

/** Dimensions, four bytes of nothing, sizes, strides, and where in the storage it begins. */
async function tensorBytes(source: ByteSource, at: number): Promise<number> {
  const head = await new SliceSource(source, at, Math.min(8, source.size - at), source.name).read(0, 8);
  return 8 + new DataView(head.buffer, head.byteOffset, 8).getUint32(0, true) * 16 + 8;
}

async function u64(source: ByteSource, at: number): Promise<number> {
  const bytes = await source.read(at, 8);
  const view = new DataView(bytes.buffer, bytes.byteOffset, 8);
  return view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
}
