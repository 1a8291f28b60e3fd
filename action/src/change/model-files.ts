import type { ByteSource } from '../../../src/core/bytes/index.ts';
import { type ArtifactFile, isContentError } from '../../../src/core/index.ts';
import {
  extensionOf,
  FORMATS,
  type Format,
  identifyFormat,
  isTextKind,
  LFS_POINTER,
  parseLfsPointer,
  probeOf,
  refineText,
  UNKNOWN,
} from '../../../src/formats/index.ts';
import { isMedia } from '../../../src/formats/media/index.ts';
import type { GitBlob } from '../git/index.ts';

/** A file of the change, and whether it is one of a model. */
export interface Sorted {
  readonly path: string;
  readonly blob: GitBlob;
  readonly kind: 'model' | 'companion' | 'other';
  /** Of a Git LFS pointer: what it stands for. */
  readonly pointer: { readonly sha256: string; readonly size: number } | undefined;
}

/** Text that is a model, or the settings of one. */
const TEXT_MODELS: ReadonlySet<string> = new Set(['lightgbm', 'xgboost-json', 'torch7-ascii', 'openvino', 'pmml']);

/** What is read with a model, and may make its loader run code. */
const COMPANION =
  /(?:^|\/)(?:hyperparams?|hparams)\.ya?ml$|(?:^|\/)MLmodel$|(?:^|\/)(?:[\w.-]*config|tokenizer[\w.-]*|chat_template|model_index|[\w.-]*\.index|special_tokens_map|modules)\.json$|\.(?:jinja2?|j2)$/i;

/** What a loader may read from the folder of a model. */
const SETTINGS: ReadonlySet<string> = new Set(['json', 'yaml', 'jinja', 'settings', 'xml']);

/** Extensions under which models stand, whatever is in the file: bytes that nothing identifies are not clean there. */
const MODEL_EXTENSIONS: ReadonlySet<string> = new Set([
  ...[
    '.bin',
    '.pt',
    '.pth',
    '.ckpt',
    '.pkl',
    '.pickle',
    '.model',
    '.weights',
    '.params',
    '.joblib',
    '.safetensors',
    '.gguf',
  ],
  ...FORMATS.filter((format) => !isTextKind(format) && !isMedia(format) && format.id !== UNKNOWN.id)
    .flatMap(({ extensions }) => extensions)
    .filter((extension) => !['.exe', '.dll', '.class', '.pyc', '.db', '.sqlite'].includes(extension)),
]);

/**
 * Tells by its bytes whether a file is one of a model. Its name only adds to that.
 * @param beside whether its folder holds a model
 */
export async function sortFile(path: string, blob: GitBlob, beside: boolean): Promise<Sorted> {
  const source = await blob.open();
  try {
    const format = await formatOf(path, source);
    if (format.id === LFS_POINTER.id) return { path, blob, kind: 'model', pointer: await pointerOf(source) };
    const plain = (isTextKind(format) && !TEXT_MODELS.has(format.id)) || isMedia(format) || format.id === UNKNOWN.id;
    const model = !plain || (MODEL_EXTENSIONS.has(extensionOf(path)) && format.id !== 'empty');
    const companion = COMPANION.test(path) || (beside && SETTINGS.has(format.id));
    const kind = model ? 'model' : companion ? 'companion' : 'other';
    return { path, blob, kind, pointer: undefined };
  } finally {
    await source.close();
  }
}

/** The format of a file by its bytes, and of text by its name. */
export async function formatOf(path: string, source: ByteSource): Promise<Format> {
  return refineText(path, identifyFormat(await probeOf(source)) ?? UNKNOWN);
}

/** Whether a file is a model by its name alone, where its bytes are not at hand. */
export function isModelName(path: string): boolean {
  return MODEL_EXTENSIONS.has(extensionOf(path));
}

/** What a file stands for that is a Git LFS pointer. */
export async function pointerIn(source: ByteSource): Promise<Sorted['pointer']> {
  const isPointer = identifyFormat(await probeOf(source))?.id === LFS_POINTER.id;
  return isPointer ? pointerOf(source) : undefined;
}

async function pointerOf(source: ByteSource): Promise<Sorted['pointer']> {
  try {
    const { sha256, size, extensions } = parseLfsPointer(await source.read(0, source.size), source.name);
    return extensions.length === 0 ? { sha256, size } : undefined;
  } catch (error) {
    if (!isContentError(error)) throw error;
    // The scanner judges what only begins as a pointer does.
    return undefined;
  }
}

/** A file of the artifact that is scanned: the blob, which must be what git says that it is. */
export function blobFile({ path, blob }: Pick<Sorted, 'path' | 'blob'>): ArtifactFile {
  const claimed = blob.oid.length === 40 ? { claimed: { algorithm: 'git-sha1', hex: blob.oid } as const } : {};
  return { path, size: blob.size, distance: 'near', ...claimed, open: () => blob.open() };
}
