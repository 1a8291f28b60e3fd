import { type ByteSource, SliceSource } from '../../core/bytes/index.ts';
import { AssayError } from '../../core/index.ts';
import { skipStorages } from '../../formats/pickle/index.ts';
import { dictOf, type Inert, readInert, sequenceOf } from '../../formats/pickle/inert/index.ts';
import type { TensorReadOptions } from '../tensors/index.ts';
import { DTYPE_BYTES } from '../tensors/index.ts';
import type { Checkpoint } from './checkpoint.ts';
import { storageKind } from './dtypes.ts';
import { storageIdOf } from './storage-id.ts';

const PROTOCOL = 1001;

/**
 * Opens a file that `torch.save` wrote before PyTorch 1.6, or writes without its zip format (torch/serialization.py,
 * `_legacy_load`): five pickles, then the storages.
 * @throws AssayError `malformed`, `truncated`, `unsupported`
 */
export async function openLegacy(source: ByteSource, options: TensorReadOptions): Promise<Checkpoint> {
  const refuse = (what: string) => new AssayError('malformed', what, { subject: source.name });
  const magic = await readInert(source, 0, options);
  const protocol = await readInert(source, magic.end, options);
  const system = await readInert(source, protocol.end, options);
  const pickle = await readInert(source, system.end, options);
  const keys = await readInert(source, pickle.end, options);
  const little = dictOf(system.value)?.get('little_endian');
  if (protocol.value !== PROTOCOL || typeof little !== 'boolean')
    throw refuse('its first pickles are not those of torch.save');
  const names = sequenceOf(keys.value)?.filter((key) => typeof key === 'string');
  if (names === undefined || names.length !== sequenceOf(keys.value)?.length)
    throw refuse('its storages do not have names');
  if (new Set(names).size !== names.length) throw refuse('two of its storages have one name');
  const storages = new Map<string, ByteSource>();
  await skipStorages(source, keys.end, names, elementSizes(pickle.ids), (start, end, key) => {
    storages.set(key, new SliceSource(source, start, end - start, `${source.name}!${key}`));
  });
  return { pickle, storage: (key) => storages.get(key), bigEndian: !little };
}

/** The bytes of an element of each storage, which the persistent ids name. */
function elementSizes(ids: readonly Inert[]): Map<string, { readonly elementSize: number | undefined }> {
  const sizes = new Map<string, { readonly elementSize: number | undefined }>();
  for (const id of ids) {
    const read = storageIdOf(id);
    if (read === undefined) continue;
    const elementSize = elementBytes(read.cls);
    const known = sizes.get(read.key);
    sizes.set(read.key, {
      elementSize: known === undefined || known.elementSize === elementSize ? elementSize : undefined,
    });
  }
  return sizes;
}

function elementBytes(cls: Inert): number | undefined {
  const kind = storageKind(cls);
  if (kind.kind === 'typed') return DTYPE_BYTES[kind.dtype];
  if (kind.kind === 'bytes') return 1;
  return OTHER_BYTES[kind.name];
}

/** Storages that safetensors cannot hold, whose extent is still known. */
const OTHER_BYTES: Readonly<Record<string, number>> = {
  'torch.ComplexDoubleStorage': 16,
  'torch.QInt8Storage': 1,
  'torch.QUInt8Storage': 1,
  'torch.QInt32Storage': 4,
  'torch.QUInt4x2Storage': 1,
  'torch.QUInt2x4Storage': 1,
};
