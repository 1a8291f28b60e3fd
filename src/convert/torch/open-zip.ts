import { type ByteSource, SliceSource } from '../../core/bytes/index.ts';
import { AssayError, DEFAULT_LIMITS, isContentError } from '../../core/index.ts';
import { readInert } from '../../formats/pickle/inert/index.ts';
import { FLAG_ENCRYPTED, locate, readDirectory, type ZipEntry } from '../../formats/zip/index.ts';
import type { TensorReadOptions } from '../tensors/index.ts';
import type { Checkpoint } from './checkpoint.ts';

const STORED = 0;
/** The record that holds the pickle, and the folder of its storages (caffe2/serialize/inline_container.h). */
const PICKLE = '/data.pkl';
const STORAGES = '/data/';
const BYTE_ORDER = '/byteorder';
/** The folder of the programs of TorchScript. */
const CODE = '/code/';
const MAX_TEXT = 16;

/**
 * Opens a file that `torch.save` wrote since PyTorch 1.6 (torch/serialization.py, `_save`).
 * @throws AssayError `malformed` for archives that loaders read in different ways, `unsupported` for one of another form
 */
export async function openZip(source: ByteSource, options: TensorReadOptions): Promise<Checkpoint> {
  const refuse = (what: string) => new AssayError('malformed', what, { subject: source.name });
  const directory = await readDirectory(source, options.limits, options.budget);
  if (directory === undefined) throw refuse('the archive has no directory');
  if (directory.oddities.length > 0) throw refuse('the archive has a directory that loaders read in different ways');
  const members = new Map<string, ZipEntry>();
  for (const entry of directory.entries) {
    if (members.has(entry.name)) throw refuse(`the archive has two members of the name ${entry.name}`);
    members.set(entry.name, entry);
  }
  const root = rootOf([...members.keys()]);
  if (root === undefined)
    throw new AssayError('unsupported', 'the archive is not one that torch.save writes: it has no data.pkl', {
      subject: source.name,
    });
  if ([...members.keys()].some((name) => name.startsWith(root + CODE)))
    throw new AssayError('unsupported', 'it is a TorchScript model, whose code is part of it', {
      subject: source.name,
      hint: 'save its state_dict() with torch.save, and convert that',
    });
  const open = async (name: string): Promise<ByteSource | undefined> => {
    const entry = members.get(root + name);
    return entry === undefined ? undefined : opened(source, entry);
  };
  const pickle = await open(PICKLE);
  if (pickle === undefined) throw refuse('the archive has no data.pkl');
  const order = await open(BYTE_ORDER);
  const storages = new Map<string, ByteSource>();
  for (const [name, entry] of members)
    if (name.startsWith(root + STORAGES))
      storages.set(name.slice((root + STORAGES).length), await opened(source, entry));
  return {
    pickle: await readInert(pickle, 0, options),
    storage: (key) => storages.get(key),
    bigEndian: order !== undefined && (await isBigEndian(order)),
  };
}

/** Whether an archive has the pickle that `torch.save` writes. */
export async function isTorchZip(source: ByteSource): Promise<boolean> {
  try {
    const directory = await readDirectory(source, DEFAULT_LIMITS);
    return directory !== undefined && rootOf(directory.entries.map(({ name }) => name)) !== undefined;
  } catch (error) {
    // What is not an archive is not one of PyTorch's.
    if (isContentError(error)) return false;
    throw error;
  }
}

/** The folder that holds everything, by the first member, as PyTorch finds it. */
function rootOf(names: readonly string[]): string | undefined {
  const roots = new Set(names.map((name) => name.slice(0, Math.max(0, name.indexOf('/')))));
  const [root] = roots;
  return roots.size === 1 && root !== undefined && names.includes(root + PICKLE) ? root : undefined;
}

async function opened(source: ByteSource, entry: ZipEntry): Promise<ByteSource> {
  const member = await locate(source, entry);
  const refuse = (what: string) => new AssayError('malformed', what, { subject: `${source.name}!${entry.name}` });
  if (member === undefined) throw refuse('the member lies outside of the archive');
  if (member.differences.length > 0)
    throw refuse(`the directory and the header of the member differ (${member.differences.join(', ')})`);
  // PyTorch stores its records, and reads them where they lie.
  if (entry.method !== STORED || (entry.flags & FLAG_ENCRYPTED) !== 0)
    throw refuse('the member is not stored as it is');
  return new SliceSource(source, member.dataStart, member.dataEnd - member.dataStart, `${source.name}!${entry.name}`);
}

async function isBigEndian(order: ByteSource): Promise<boolean> {
  const text = Buffer.from(await order.read(0, Math.min(MAX_TEXT, order.size))).toString('latin1');
  if (text !== 'little' && text !== 'big')
    throw new AssayError('malformed', 'its byte order is neither little nor big', { subject: order.name });
  return text === 'big';
}
