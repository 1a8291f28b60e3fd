import { AssayError } from '../core/index.ts';
import { formatReference, isCommit, parseReference, type Reference } from '../core/reference/index.ts';
import { foreignTarget, type Target } from './reference.ts';

/** Other spellings of `hf://` among libraries. */
const HUB = /^(?:hf|huggingface|hf-hub|hf_hub):(?:\/\/)?/i;
/** Schemes of stores of models that Assay does not read. */
const FOREIGN = /^(?:gs|gcs|abfss?|wasbs?|kaggle|ngc|modelscope|ollama|bento|dvc|wandb-artifact):\/\//i;
/** Addresses of files that hold models; other addresses do not matter. */
const FILES =
  /\.(?:bin|pt|pth|ckpt|pkl|pickle|joblib|h5|hdf5|keras|onnx|safetensors|gguf|ggml|npz|npy|tflite|pb|mar|nemo|tar\.gz|pdparams|caffemodel|cbm|mlmodel|engine)(?:[?#]|$)/i;
const HUB_PAGE =
  /^https:\/\/(?:www\.)?(?:huggingface\.co|hf\.co)\/(?!datasets\/|spaces\/|docs\/|blog\/|papers\/|api\/|settings\/|models(?:[/?]|$)|join|learn|tasks|collections\/)[\w.-]+\/[\w.-]+/i;

/**
 * Reads a text by its scheme, where that scheme names models and nothing else, or by the file that an address ends in.
 * @returns `undefined` for any other text
 */
export function schemeTarget(text: string, revision: string | null = null): Target | undefined {
  if (text.length > 2_048 || /[\s\p{Cc}]/u.test(text)) return undefined;
  if (HUB.test(text)) return read(text.replace(HUB, 'hf://'), revision);
  if (/^(?:models:\/|oci:\/\/)/.test(text)) return read(text, null);
  if (/^s3:\/\//i.test(text)) return FILES.test(text) || text.endsWith('/') ? read(text, null) : undefined;
  if (FOREIGN.test(text)) return foreignTarget(text, revision);
  if (/^https?:\/\//i.test(text) && (HUB_PAGE.test(text) || FILES.test(text))) return read(text, revision);
  return undefined;
}

function read(text: string, revision: string | null): Target {
  if (/\$[({A-Za-z_]|\{\{?|%s/.test(text))
    return { kind: 'unresolved', why: 'its address has a part that is set elsewhere' };
  try {
    const reference = parseReference(text);
    if (reference.kind !== 'hf' || reference.revision !== undefined || revision === null) return named(reference);
    return named(parseReference(formatReference({ ...reference, revision })));
  } catch (error) {
    if (!(error instanceof AssayError)) throw error;
    return /^hf:\/\/(?:datasets|spaces)\//.test(text)
      ? foreignTarget(text, revision)
      : { kind: 'unresolved', why: `its address cannot be read: ${error.message}` };
  }
}

function named(reference: Reference): Target {
  const common = { kind: 'named', reference: formatReference(reference), readable: true } as const;
  switch (reference.kind) {
    case 'path':
      return { kind: 'local', path: reference.path };
    case 'hf':
      return { ...common, revision: reference.revision ?? null, pinned: isCommit(reference.revision) };
    case 'https':
      return { ...common, revision: null, pinned: reference.sha256 !== undefined };
    case 's3':
      return { ...common, revision: reference.versionId ?? null, pinned: reference.versionId !== undefined };
    case 'oci':
      return { ...common, revision: reference.digest ?? reference.tag ?? null, pinned: reference.digest !== undefined };
    case 'models':
      return 'version' in reference.at
        ? { ...common, revision: reference.at.version, pinned: true }
        : { ...common, revision: reference.at.alias, pinned: false };
  }
}
