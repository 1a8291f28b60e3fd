import { SliceSource } from '../../core/bytes/index.ts';
import { AssayError } from '../../core/index.ts';
import {
  argsOf,
  calleeName,
  dictOf,
  type Inert,
  inertTitle,
  isDictCall,
  isKind,
  readInert,
  sequenceOf,
  wholeCount,
} from '../../formats/pickle/inert/index.ts';
import {
  type Dtype,
  type InputFile,
  pasted,
  rowOrder,
  TensorList,
  type TensorPiece,
  type TensorReadOptions,
} from '../tensors/index.ts';
import { openZip, torchDtype, torchTensors } from '../torch/index.ts';
import { baseNameOf, byPath, folderOf, type ShardedCheckpoint, type ShardedResult } from './form.ts';

const METADATA = '.metadata';
const DATA = /\.distcp$/;
const CLASSES = 'torch.distributed.checkpoint.';

/** What the pickle of the metadata calls. */
const KNOWN: ReadonlySet<string> = new Set([
  ...['Metadata', 'TensorStorageMetadata', 'BytesStorageMetadata', 'ChunkStorageMetadata', 'TensorProperties'].map(
    (name) => `${CLASSES}metadata.${name}`,
  ),
  `${CLASSES}metadata.MetadataIndex`,
  `${CLASSES}metadata.StorageMeta`,
  `${CLASSES}metadata._MEM_FORMAT_ENCODING`,
  `${CLASSES}filesystem._StorageInfo`,
  'torch.distributed._shard.sharded_tensor.metadata.TensorProperties',
  'torch.distributed._shard.sharded_tensor.metadata.MEM_FORMAT_ENCODING',
  'torch.serialization._get_layout',
  'torch.Size',
]);

/** Checkpoints of torch.distributed.checkpoint: a pickle tells where the chunks of each tensor stand. */
export function distributedCheckpoints(files: readonly InputFile[]): ShardedCheckpoint[] {
  const paths = byPath(files);
  return files
    .filter(({ path }) => baseNameOf(path) === METADATA)
    .map((metadata) => ({ metadata, folder: folderOf(metadata.path) }))
    .map(({ metadata, folder }) => ({
      metadata,
      folder,
      data: files.filter(({ path }) => folderOf(path) === folder && DATA.test(path)),
    }))
    .filter(({ data }) => data.length > 0)
    .map(({ metadata, folder, data }) => ({
      id: 'torch-distcp',
      title: 'PyTorch distributed checkpoint',
      framework: 'pt',
      files: [metadata, ...data],
      read: (options) => readCheckpoint(metadata, folder, paths, options),
    }));
}

interface Place {
  readonly file: string;
  readonly offset: number;
  readonly length: number;
}

async function readCheckpoint(
  metadata: InputFile,
  folder: string,
  files: ReadonlyMap<string, InputFile>,
  options: TensorReadOptions,
): Promise<ShardedResult> {
  const { path } = metadata;
  const { salvage } = options;
  const refuse = (what: string) => new AssayError('malformed', what, { subject: path });
  const { value, end, calls } = await readInert(metadata.source, 0, options);
  if (end !== metadata.source.size) throw refuse('bytes follow the metadata');
  const state = stateOf(value, 'metadata.Metadata');
  const described = dictOf(state?.get('state_dict_metadata'));
  const stored = dictOf(state?.get('storage_data'));
  if (described === undefined || stored === undefined) throw refuse('does not describe a checkpoint');
  // Nothing but these calls makes metadata: any other one could change where the chunks stand.
  const strange = calls.find((call) => !KNOWN.has(calleeName(call) ?? '') && !isDictCall(call));
  if (salvage && strange !== undefined)
    throw new AssayError('unsupported', `${inertTitle(strange)} could have changed the metadata`, { subject: path });
  const places = placesOf([...stored.entries()], refuse);
  const list = new TensorList({ subject: path, salvage });
  const used = new Set<string>();
  for (const [name, about] of described.entries()) {
    if (typeof name !== 'string') throw refuse('the name of a tensor is not text');
    const tensor = stateOf(about, 'metadata.TensorStorageMetadata');
    if (tensor === undefined) {
      list.leave('a value that is not a tensor', name);
      continue;
    }
    const shape = sizeOf(tensor.get('size'));
    const chunks = sequenceOf(tensor.get('chunks'));
    const dtype = dtypeOfProperties(tensor.get('properties'));
    if (shape === undefined || chunks === undefined) throw refuse(`${name} does not contain its size and chunks`);
    if (dtype.dtype === undefined) {
      list.refuse(`a tensor of ${dtype.title}`, name);
      continue;
    }
    const pieces: TensorPiece[] = [];
    for (const chunk of chunks) {
      const about = stateOf(chunk, 'metadata.ChunkStorageMetadata');
      const [offsets, sizes] = [sizeOf(about?.get('offsets')), sizeOf(about?.get('sizes'))];
      if (offsets === undefined || sizes === undefined) throw refuse(`a chunk of ${name} does not contain its place`);
      const place = places.get(keyOf(name, offsets));
      if (place === undefined) throw refuse(`a chunk of ${name} is not stored`);
      const file = files.get(folder + place.file);
      if (file === undefined)
        throw new AssayError('unsupported', `names the file ${place.file}, which is not there`, {
          subject: path,
          hint: 'convert the folder with the files of all processes',
        });
      used.add(file.path);
      pieces.push(await chunkOf(file, place, { name, dtype: dtype.dtype, offsets, sizes }, options));
    }
    list.add(pasted({ name, dtype: dtype.dtype, shape }, pieces, options.budget));
  }
  const output = { path: `${folder}model.safetensors`, from: [path, ...[...used].sort()], set: list.result() };
  return { outputs: [output] };
}

interface Chunk {
  readonly name: string;
  readonly dtype: Dtype;
  readonly offsets: readonly number[];
  readonly sizes: readonly number[];
}

/** A chunk is a file of `torch.save` of its own, within a file of one process. */
async function chunkOf(
  file: InputFile,
  place: Place,
  { name, dtype, offsets, sizes }: Chunk,
  options: TensorReadOptions,
): Promise<TensorPiece> {
  const part = new SliceSource(file.source, place.offset, place.length, file.path);
  const { tensors } = torchTensors(await openZip(part, options), name, options.salvage);
  const [tensor] = tensors;
  if (tensors.length !== 1 || tensor?.dtype !== dtype || tensor.shape.join() !== sizes.join())
    throw new AssayError('malformed', `a chunk of ${name} is not the tensor that the metadata tells`, {
      subject: file.path,
      offset: place.offset,
    });
  return { bytes: await rowOrder(tensor, options), offsets, shape: sizes };
}

/** Where each chunk stands, by the name of its tensor and its place in it. */
function placesOf(
  entries: readonly (readonly [Inert, Inert])[],
  refuse: (what: string) => AssayError,
): ReadonlyMap<string, Place> {
  const places = new Map<string, Place>();
  for (const [key, value] of entries) {
    const index = stateOf(key, 'metadata.MetadataIndex');
    const info = stateOf(value, 'filesystem._StorageInfo');
    const name = index?.get('fqn');
    const file = info?.get('relative_path');
    const [offset, length] = [wholeCount(info?.get('offset')), wholeCount(info?.get('length'))];
    if (typeof name !== 'string' || typeof file !== 'string' || offset === undefined || length === undefined)
      throw refuse('does not contain the place of a chunk');
    const transforms = info?.get('transform_descriptors');
    if (transforms !== undefined && transforms !== null && sequenceOf(transforms)?.length !== 0)
      throw refuse(`a chunk of ${name} is transformed, such as compressed`);
    // Files stand beside the metadata: a path could lead out of the artifact.
    if (!/^[^/\\]+$/.test(file)) throw refuse(`a chunk of ${name} does not stand in a file of the folder`);
    const at = index?.get('offset');
    const offsets = at === undefined || at === null ? undefined : sizeOf(at);
    const id = offsets === undefined ? JSON.stringify([name]) : keyOf(name, offsets);
    if (places.has(id)) throw refuse(`two chunks of ${name} have one place`);
    places.set(id, { file, offset, length });
  }
  return places;
}

function keyOf(name: string, offsets: readonly number[]): string {
  return JSON.stringify([name, offsets]);
}

/** What a class of torch.distributed.checkpoint holds, of an instance as pickles make it. */
function stateOf(value: Inert | undefined, cls: string) {
  if (!isKind(value, 'object') || calleeName(value) !== CLASSES + cls || value.opcode !== 'NEWOBJ') return undefined;
  const [state, ...others] = value.states;
  const isPlain = others.length === 0 && value.items.length + value.entries.length === 0;
  return isPlain && argsOf(value)?.length === 0 && isKind(state, 'dict') ? state : undefined;
}

/** `torch.Size((2, 3))`. */
function sizeOf(value: Inert | undefined): number[] | undefined {
  const isCall = isKind(value, 'object') && calleeName(value) === 'torch.Size' && value.states.length === 0;
  const items = sequenceOf(isCall ? argsOf(value)?.[0] : value);
  const counts = items?.map(wholeCount).filter((count) => count !== undefined);
  return counts === undefined || counts.length !== items?.length ? undefined : counts;
}

/** `TensorProperties` has its element type first, or by name. */
function dtypeOfProperties(value: Inert | undefined): { readonly dtype: Dtype | undefined; readonly title: string } {
  const state = isKind(value, 'object') && value.states.length === 1 ? value.states[0] : undefined;
  const type = sequenceOf(state)?.[0] ?? dictOf(state)?.get('dtype');
  const title = isKind(type, 'global') ? `${type.module}.${type.name}` : 'an unknown type';
  return { dtype: torchDtype(type), title };
}
