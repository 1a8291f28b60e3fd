import { SliceSource } from '../../core/bytes/index.ts';
import { AssayError } from '../../core/index.ts';
import { archiveEntries, memberNames, openMember } from '../../formats/archive/index.ts';
import { HDF5 } from '../../formats/index.ts';
import { type KerasFile, readKerasArchive, readKerasH5 } from '../../formats/keras/index.ts';
import type { ZipEntry } from '../../formats/zip/index.ts';
import type { InputFile, TensorReadOptions } from '../tensors/index.ts';

const CONFIG = 'config.json';
const METADATA = 'metadata.json';
const WEIGHTS = 'model.weights.h5';
/** Other ways in which Keras keeps the weights of a model. */
const OTHER_WEIGHTS = ['model.weights.npz', 'model.weights.json'];
/** Bytes of the documents of an archive. */
const MAX_DOCUMENT = 32 * 1024 * 1024;

export function isHdf5(head: Uint8Array, size: number): boolean {
  return HDF5.identify({ head, tail: head, size });
}

/** Whether an archive is one of Keras 3, by the names of its members. */
export async function isArchive({ source }: InputFile): Promise<boolean> {
  const names = new Set(await memberNames(source));
  return names.has(CONFIG) && [METADATA, WEIGHTS, ...OTHER_WEIGHTS].some((name) => names.has(name));
}

/** @throws AssayError `unsupported`, `malformed`, `truncated`, `limit` */
export async function openKeras({ path, source: file }: InputFile, options: TensorReadOptions): Promise<KerasFile> {
  // Errors of readers name the file as the artifact does.
  const source = new SliceSource(file, 0, file.size, path);
  const head = await source.read(0, Math.min(4_096, source.size));
  if (isHdf5(head, source.size)) return await readKerasH5(source, options);
  const entries = await archiveEntries(source, options);
  const other = OTHER_WEIGHTS.find((name) => entries.has(name));
  if (!entries.has(WEIGHTS) && other !== undefined)
    throw new AssayError('unsupported', `keeps its weights in ${other}`, {
      subject: path,
      hint: 'save it with model.weights.h5',
    });
  const member = async (name: string) => {
    const entry = entries.get(name);
    if (entry === undefined) throw new AssayError('malformed', `the archive has no ${name}`, { subject: path });
    return { entry, bytes: await openMember(source, entry, options) };
  };
  const document = async (name: string): Promise<Uint8Array> => {
    const { entry, bytes } = await member(name);
    checkSize(entry, path);
    options.budget.hold(bytes.size);
    return await bytes.read(0, bytes.size);
  };
  const [config, metadata] = [await document(CONFIG), await document(METADATA)];
  const { bytes: weights } = await member(WEIGHTS);
  return await readKerasArchive({ config, metadata, weights }, path, options);
}

function checkSize({ name, size }: ZipEntry, subject: string): void {
  if (size > MAX_DOCUMENT)
    throw new AssayError('limit', `${name} has ${size} bytes, more than ${MAX_DOCUMENT}`, { subject });
}
