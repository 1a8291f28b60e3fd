import { type Inert, type InertPickle, isKind } from '../../formats/pickle/inert/index.ts';
import type { InputFile, TensorReader, TensorReadOptions } from '../tensors/index.ts';
import { TORCH_LEGACY, TORCH_TAR, TORCH_ZIP } from './formats.ts';
import { openLegacy } from './open-legacy.ts';
import { openTar } from './open-tar.ts';
import { openZip } from './open-zip.ts';
import { readerOf, tarReaderOf } from './tensors.ts';

/** What `torch.save` wrote, in any of its formats. */
export interface TorchFile {
  readonly pickle: InertPickle;
  /** The tensors of its values, and what its calls do. */
  readonly reader: TensorReader;
}

/** Whether PyTorch wrote a file. @param head its first bytes */
export async function isTorchFile(file: InputFile, head: Uint8Array): Promise<boolean> {
  for (const format of [TORCH_LEGACY, TORCH_ZIP, TORCH_TAR]) if (await format.matches(file, head)) return true;
  return false;
}

/** @throws AssayError `malformed`, `truncated`, `unsupported`, `limit` */
export async function openTorch(file: InputFile, head: Uint8Array, options: TensorReadOptions): Promise<TorchFile> {
  if (await TORCH_TAR.matches(file, head)) {
    const checkpoint = await openTar(file.source, options);
    return { pickle: checkpoint.pickle, reader: tarReaderOf(checkpoint) };
  }
  const isZip = await TORCH_ZIP.matches(file, head);
  const checkpoint = await (isZip ? openZip : openLegacy)(file.source, options);
  return { pickle: checkpoint.pickle, reader: readerOf(checkpoint) };
}

/**
 * The class of an object that was pickled as an instance. Legacy files name classes of modules with a persistent id, beside their
 * source text, which is not run (torch/serialization.py, `persistent_id`).
 * @returns `undefined` for any other value
 */
export function instanceClass(value: Inert | undefined) {
  if (!isKind(value, 'object') || !isEmptyCall(value.args) || value.kwargs !== undefined) return undefined;
  if (value.opcode !== 'NEWOBJ') return undefined;
  const { callee } = value;
  if (isKind(callee, 'global')) return callee;
  if (!isKind(callee, 'persistent') || !isKind(callee.id, 'tuple')) return undefined;
  const [kind, cls] = callee.id.items;
  if (kind === 'module' && isKind(cls, 'global')) return cls;
  // Before 0.1.10, the class came first.
  return isKind(kind, 'global') ? kind : undefined;
}

function isEmptyCall(args: Inert): boolean {
  return isKind(args, 'tuple') && args.items.length === 0;
}
