import type { ByteSource } from '../core/bytes/index.ts';
import {
  COREML_COMPILED,
  isCompiledCoreml,
  isTensorShard,
  isTfjsWeights,
  TENSOR_SHARD,
  TFJS_WEIGHTS,
} from './data-files.ts';
import { extensionOf } from './extension.ts';
import { type Format, PROBE_HEAD, PROBE_TAIL, type Probe } from './format.ts';
import { FORMATS } from './list.ts';
import { runAsPickle, UNMARKED_PICKLE } from './pickle/index.ts';
import { TF_SAVED_MODEL } from './protobuf/index.ts';
import { isCodeName, SOURCE_CODE } from './source/index.ts';
import { TF_CHECKPOINT_STATE, textHead } from './text.ts';

/** The format of bytes that no other format identifies. It is not in the list. */
export const UNKNOWN: Format = { id: 'unknown', title: 'unknown format', extensions: [], identify: () => false };

/** The probe of a source whose bytes are at hand; `undefined` when reading them needs waiting. */
export function probeNow(source: ByteSource): Probe | undefined {
  const { size } = source;
  const head = source.readNow(0, Math.min(size, PROBE_HEAD));
  if (head === undefined) return undefined;
  if (size <= PROBE_HEAD) return { head, tail: head.subarray(Math.max(0, size - PROBE_TAIL)), size };
  const tail = source.readNow(size - PROBE_TAIL, PROBE_TAIL);
  return tail === undefined ? undefined : { head, tail, size };
}

/** @throws AssayError what reading the source throws. */
export async function probeOf(source: ByteSource): Promise<Probe> {
  const now = probeNow(source);
  if (now !== undefined) return now;
  const { size } = source;
  const head = await source.read(0, Math.min(size, PROBE_HEAD));
  if (size <= PROBE_HEAD) return { head, tail: head.subarray(Math.max(0, size - PROBE_TAIL)), size };
  return { head, tail: await source.read(size - PROBE_TAIL, PROBE_TAIL), size };
}

/**
 * The first format of the list that the bytes match; `undefined` when none does. Never uses the name of the file. @param
 * forReaders the file is named like text: the bytes are a pickle without a mark only if all of them are one
 */
export function identifyFormat(probe: Probe, forReaders = false): Format | undefined {
  const found = FORMATS.find((format) => format.identify(probe));
  if (found !== UNMARKED_PICKLE || !forReaders || textHead(probe) === undefined) return found;
  return runAsPickle(probe) === 'whole' ? found : FORMATS.find((format) => format !== found && format.identify(probe));
}

/** Whether a format is a kind of text. */
export function isTextKind(format: Format): boolean {
  return TEXT_KINDS.has(format.id);
}

/** Formats that are text, and that only a reader's expectation tells apart. */
const TEXT_KINDS: ReadonlySet<string> = new Set([
  'text',
  'json',
  'jsonl',
  'yaml',
  'markdown',
  'csv',
  'xml',
  'html',
  'svg',
  'jinja',
  'python',
  'javascript',
  'shell',
  'pmml',
  'openvino',
  'lightgbm',
  'xgboost-json',
  'settings',
  'source-code',
  'tf-checkpoint-state',
  'empty',
]);

/** Extensions that files of any format have: they promise no format. */
const NEUTRAL: ReadonlySet<string> = new Set([
  '.bin',
  '.pt',
  '.pth',
  '.ckpt',
  '.pkl',
  '.pickle',
  '.model',
  '.dat',
  '.data',
  '.weights',
  '.params',
  '.net',
  '.db',
  '.com',
  '.index',
  '.o',
]);

/** Formats that legitimately have an extension which mainly belongs to another format. */
const HONEST: Readonly<Record<string, readonly string[]>> = {
  '.keras': ['zip', 'hdf5'],
  '.npz': ['zip'],
  '.joblib': ['zlib', 'gzip', 'bzip2', 'xz', 'lzma', 'lz4'],
  '.pt2': ['zip'],
  '.pb': ['onnx', 'tf-saved-model', 'tf-graph', 'tf-meta-graph', 'tf-keras-metadata', 'tf-fingerprint'],
  '.meta': ['tf-meta-graph', 'tf-graph'],
  '.xml': ['openvino', 'pmml'],
  '.h5': ['hdf5'],
  '.rds': ['gzip', 'bzip2', 'xz', 'rds'],
  '.rdata': ['gzip', 'bzip2', 'xz', 'rds'],
  '.rda': ['gzip', 'bzip2', 'xz', 'rds'],
  '.mat': ['hdf5', 'matlab'],
  '.jar': ['zip'],
  '.whl': ['zip'],
  '.mar': ['zip'],
  '.nemo': ['tar', 'gzip'],
  '.ico': ['png', 'bmp'],
  '.so': ['elf', 'mach-o'],
  // PyTorch's examples save checkpoints as `.pth.tar`, whatever `torch.save` writes: no tar archive is promised.
  '.pth.tar': ['zip', 'pickle'],
  '.pt.tar': ['zip', 'pickle'],
  '.ckpt.tar': ['zip', 'pickle'],
};

/** The last two extensions of a path, lower case: `.pth.tar`; empty when the name has fewer. */
function doubleExtensionOf(path: string): string {
  return /\.[^./]+\.[^./]+$/.exec(path)?.[0].toLowerCase() ?? '';
}

/**
 * The format that a path's extension promises when its bytes are of another; `undefined` when they agree, when the extension
 * promises nothing, or when both are kinds of text.
 */
export function extensionLie(path: string, format: Format): Format | undefined {
  const extension = extensionOf(path);
  if (extension === '' || NEUTRAL.has(extension) || format.id === 'empty' || format.id === 'lfs-pointer')
    return undefined;
  const promised = FORMATS.find((candidate) => candidate.extensions.includes(extension));
  // Names of source code are short, and many are also given to data.
  if (promised === undefined || promised === SOURCE_CODE || format.extensions.includes(extension)) return undefined;
  const honest = HONEST[doubleExtensionOf(path)] ?? HONEST[extension];
  if (honest?.includes(format.id)) return undefined;
  return TEXT_KINDS.has(promised.id) && TEXT_KINDS.has(format.id) ? undefined : promised;
}

/**
 * Which kind of text a path promises, where content cannot tell: `text` named `.yaml` is YAML, named `.py` Python. Raw values
 * of a TensorFlow checkpoint, and its SavedModel, are also identified by their name alone. Another format that the content proves is not changed.
 */
export function refineText(path: string, format: Format): Format {
  // TensorFlow reads the file of this name as a SavedModel, whatever else its bytes are.
  if (/(?:^|[/!])saved_model\.pb$/.test(path) && format.id !== 'empty' && format.id !== 'lfs-pointer')
    return TF_SAVED_MODEL;
  if (format.id === UNKNOWN.id && isTensorShard(path)) return TENSOR_SHARD;
  if (format.id === UNKNOWN.id && isTfjsWeights(path)) return TFJS_WEIGHTS;
  if (format.id === UNKNOWN.id && isCompiledCoreml(path)) return COREML_COMPILED;
  if (format.id !== 'text') return format;
  if (/(?:^|\/)checkpoint$/.test(path)) return TF_CHECKPOINT_STATE;
  if (isCodeName(path)) return SOURCE_CODE;
  const extension = extensionOf(path);
  return (
    FORMATS.find((candidate) => TEXT_KINDS.has(candidate.id) && candidate.extensions.includes(extension)) ?? format
  );
}
