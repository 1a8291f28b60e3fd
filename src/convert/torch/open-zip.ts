import type { ByteSource } from '../../core/bytes/index.ts';
import { AssayError } from '../../core/index.ts';
import { archiveEntries, memberBytes, memberNames, STORED } from '../../formats/archive/index.ts';
import { readInert } from '../../formats/pickle/inert/index.ts';
import type { ZipEntry } from '../../formats/zip/index.ts';
import type { TensorReadOptions } from '../tensors/index.ts';
import type { Checkpoint } from './checkpoint.ts';

/** The record that holds the pickle, and the folder of its storages (caffe2/serialize/inline_container.h). */
const PICKLE = '/data.pkl';
const STORAGES = '/data/';
const BYTE_ORDER = '/byteorder';
/** The folder of the programs of TorchScript. */
export const CODE = '/code/';
const MAX_TEXT = 16;

/**
 * Opens a file that `torch.save` wrote since PyTorch 1.6 (torch/serialization.py, `_save`).
 * @throws AssayError `malformed` for archives that loaders read in different ways, `unsupported` for one of another form
 */
export async function openZip(source: ByteSource, options: TensorReadOptions): Promise<Checkpoint> {
  const members = await archiveEntries(source, options);
  const root = torchRoot([...members.keys()]);
  if (root === undefined)
    throw new AssayError('unsupported', 'the archive is not one that torch.save writes: it has no data.pkl', {
      subject: source.name,
    });
  if ([...members.keys()].some((name) => name.startsWith(root + CODE)))
    throw new AssayError('unsupported', 'it is a TorchScript model, whose code is part of it', {
      subject: source.name,
      hint: 'convert it with --to onnx; for its tensors alone, save its state_dict() with torch.save, and convert that',
    });
  return readCheckpoint(
    source,
    members,
    { pickle: root + PICKLE, storages: root + STORAGES, order: root + BYTE_ORDER },
    options,
  );
}

/** Where the parts of a checkpoint are in an archive. */
export interface CheckpointMembers {
  readonly pickle: string;
  /** The folder of the storages, by their keys. */
  readonly storages: string;
  readonly order: string;
}

/** @throws AssayError `malformed` without the pickle, and for members that PyTorch does not read; as `readInert` does */
export async function readCheckpoint(
  source: ByteSource,
  members: ReadonlyMap<string, ZipEntry>,
  names: CheckpointMembers,
  options: TensorReadOptions,
): Promise<Checkpoint> {
  const open = async (name: string): Promise<ByteSource | undefined> => {
    const entry = members.get(name);
    return entry === undefined ? undefined : opened(source, entry);
  };
  const pickle = await open(names.pickle);
  if (pickle === undefined)
    throw new AssayError('malformed', `the archive has no ${names.pickle.slice(names.pickle.lastIndexOf('/') + 1)}`, {
      subject: source.name,
    });
  const order = await open(names.order);
  const storages = new Map<string, ByteSource>();
  for (const [name, entry] of members)
    if (name.startsWith(names.storages)) storages.set(name.slice(names.storages.length), await opened(source, entry));
  return {
    pickle: await readInert(pickle, 0, options),
    storage: (key) => storages.get(key),
    bigEndian: order !== undefined && (await isBigEndian(order)),
  };
}

/** Whether an archive has the pickle that `torch.save` writes. */
export async function isTorchZip(source: ByteSource): Promise<boolean> {
  return torchRoot(await memberNames(source)) !== undefined;
}

/** The folder that holds everything, by the first member, as PyTorch finds it. */
export function torchRoot(names: readonly string[]): string | undefined {
  const roots = new Set(names.map((name) => name.slice(0, Math.max(0, name.indexOf('/')))));
  const [root] = roots;
  return roots.size === 1 && root !== undefined && names.includes(root + PICKLE) ? root : undefined;
}

/** PyTorch stores its records, and reads them where they lie. */
async function opened(source: ByteSource, entry: ZipEntry): Promise<ByteSource> {
  const bytes = await memberBytes(source, entry);
  if (entry.method === STORED) return bytes;
  throw new AssayError('malformed', 'the member is compressed, which PyTorch does not read', { subject: bytes.name });
}

async function isBigEndian(order: ByteSource): Promise<boolean> {
  const text = Buffer.from(await order.read(0, Math.min(MAX_TEXT, order.size))).toString('latin1');
  if (text !== 'little' && text !== 'big')
    throw new AssayError('malformed', 'its byte order is neither little nor big', { subject: order.name });
  return text === 'big';
}
