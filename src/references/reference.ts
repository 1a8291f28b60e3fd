import { readReference } from '../workload/index.ts';

/** The kind of a loaded object: the same name as another kind is read by other programs. */
export type ReferenceRole = 'model' | 'dataset' | 'code';

/** The target of a reference in a text. */
export type Target =
  | {
      readonly kind: 'named';
      /** In the one spelling of `core/reference`, or as written where Assay does not read the source. */
      readonly reference: string;
      /** A branch, a tag or a commit; `null` where none is given. */
      readonly revision: string | null;
      /** Always the same bytes: a commit, a digest, a version. */
      readonly pinned: boolean;
      /** Whether `openArtifact` reads sources of its kind. */
      readonly readable: boolean;
    }
  /** A file or folder beside the text. */
  | { readonly kind: 'local'; readonly path: string }
  /** It is computed, or chosen by a library. `why` is part of fingerprints of the Action: its text never changes. */
  | { readonly kind: 'unresolved'; readonly why: string };

/** One place of a text that loads a model, a dataset or code. */
export interface FoundReference {
  /** From 1: where the loader is called, or the value stands. */
  readonly line: number;
  readonly role: ReferenceRole;
  readonly target: Target;
  /** What loads it: `from_pretrained`, `--model`, `storageUri`. */
  readonly via: string;
  /** The loader was told to run code that comes with the model. */
  readonly trustRemoteCode: boolean;
  /** How a revision is written there; `{}` stands for the commit. */
  readonly pin: string;
}

const READABLE: ReadonlySet<string> = new Set(['hf', 'https', 's3', 'oci', 'models']);

/**
 * Reads what a loader of the Hugging Face Hub is given: `owner/name`, a path, or an address.
 * @param revision given beside it
 */
export function hubTarget(text: string, revision: string | null, role: ReferenceRole = 'model'): Target {
  // In a text, a name like that of a file is mostly one beside it.
  if (
    /^(?:~|\.\.?$)/.test(text) ||
    (!text.includes(':') && (text.split('/').length > 2 || /\.(?:gguf|onnx|pt|bin)$/i.test(text)))
  )
    return { kind: 'local', path: text };
  const read = readReference(text, 'hub', revision ?? undefined);
  if (read.kind === 'path') return { kind: 'local', path: read.path };
  if (read.kind === 'unresolved') return { kind: 'unresolved', why: read.why };
  const { reference, pinned, scheme } = read;
  // Repositories of models alone are read from the Hub.
  if (role === 'dataset' && scheme === 'hf') {
    const named = reference.replace(/^hf:\/\//, 'hf://datasets/');
    return { kind: 'named', reference: named, revision: read.revision, pinned, readable: false };
  }
  return { kind: 'named', reference, revision: read.revision, pinned, readable: READABLE.has(scheme) };
}

/** A reference of a source that Assay does not read, as it is written. */
export function foreignTarget(reference: string, revision: string | null = null, pinned = false): Target {
  return { kind: 'named', reference, revision, pinned, readable: false };
}

export function unresolvedTarget(why: string): Target {
  return { kind: 'unresolved', why };
}

/** What makes two references the same, wherever they stand: a line that only moved is not a new one. */
export function referenceIdentity({ role, target, via, trustRemoteCode }: FoundReference): string {
  return JSON.stringify([role, via, trustRemoteCode, target]);
}
