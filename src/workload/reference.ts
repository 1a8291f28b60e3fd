import { AssayError } from '../core/index.ts';
import {
  formatReference,
  type HubReference,
  isCommit,
  isRepoName,
  isRevision,
  parseReference,
  type Reference,
} from '../core/reference/index.ts';
import { MAX_TEXT, shown } from './collector.ts';
import type { BareName } from './table/index.ts';

/** A reference of a workload in its one spelling, or why it cannot be read. */
export type ReadReference =
  | {
      readonly kind: 'reference';
      readonly reference: string;
      readonly scheme: string;
      readonly revision: string | null;
      readonly pinned: boolean;
      /** Of a reference that names its server itself. */
      readonly endpoint?: string;
    }
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'unresolved'; readonly why: string };

const SCHEME = /^([a-z][a-z0-9+.-]*):\/\/?/i;
/** Other names of schemes. */
const SAME: Readonly<Record<string, string>> = {
  huggingface: 'hf',
  'oci+native': 'oci',
  'oci+modelcar': 'oci',
  'oci+fetch': 'oci',
  docker: 'oci',
  gcs: 'gs',
};

/**
 * Reads the model argument of a program or a field.
 * @param revision given beside it; wins over one within, as the loaders have it
 */
export function readReference(text: string, bare: BareName, revision?: string): ReadReference {
  if (text.length > MAX_TEXT) return unresolved(`has more than ${MAX_TEXT} characters`);
  if (text === '') return unresolved('is empty');
  if (/\p{Cc}/u.test(text)) return unresolved('has control characters');
  if (/\$[({A-Za-z_]|\{\{/.test(text)) return unresolved(`${shown(text)} has a variable that is set elsewhere`);
  const named = SCHEME.exec(text)?.[1]?.toLowerCase();
  if (named === undefined) return readBare(text, bare, revision);
  const scheme = Object.hasOwn(SAME, named) ? (SAME[named] ?? named) : named;
  if (scheme === 'file') return { kind: 'path', path: text.replace(/^file:\/\//i, '') };
  return readAddress(`${scheme}${text.slice(named.length)}`, scheme, revision);
}

function readAddress(text: string, scheme: string, revision: string | undefined): ReadReference {
  if (scheme === 'oci') return readImage(text.replace(/^oci:\/\/?/i, ''));
  if (scheme === 's3') {
    // Triton names the server of the bucket within: s3://https://host:port/bucket/key.
    const [, server, rest] = /^s3:\/\/(https?:\/\/[^/]+)\/(.*)$/is.exec(text) ?? [];
    if (server !== undefined && rest !== undefined) return { ...plain(`s3://${rest}`, 's3'), endpoint: server };
  }
  if (/^[^/]*\/\/[^/?#]*@/.test(text) && scheme !== 'hf') return unresolved('the address carries a user name');
  if (!['hf', 's3', 'https', 'http', 'models'].includes(scheme)) return plain(text, scheme, revision);
  try {
    return ofReference(withRevision(parseReference(scheme === 'hf' ? kserveRevision(text) : text), revision));
  } catch (error) {
    if (!(error instanceof AssayError)) throw error;
    return scheme === 'hf' ? unresolved(`${shown(text)}: ${error.message}`) : plain(text, scheme, revision);
  }
}

/** KServe writes `hf://owner/model:revision`. */
function kserveRevision(text: string): string {
  const [, name, revision] = /^(hf:\/\/[^/:@]+\/[^/:@]+):([^/:@]+)$/i.exec(text) ?? [];
  return name === undefined || revision === undefined ? text : `${name}@${revision}`;
}

function withRevision(reference: Reference, revision: string | undefined): Reference {
  if (reference.kind !== 'hf' || revision === undefined) return reference;
  if (!isRevision(revision)) throw new AssayError('usage', `"${shown(revision)}" is not a revision`);
  return { ...reference, revision };
}

function ofReference(reference: Reference): ReadReference {
  const { kind } = reference;
  const known = { kind: 'reference', reference: formatReference(reference), scheme: kind } as const;
  switch (reference.kind) {
    case 'path':
      return { kind: 'path', path: reference.path };
    case 'hf':
      return { ...known, revision: reference.revision ?? null, pinned: isCommit(reference.revision) };
    case 'https':
      return { ...known, revision: null, pinned: reference.sha256 !== undefined };
    case 's3':
      return { ...known, revision: reference.versionId ?? null, pinned: reference.versionId !== undefined };
    case 'models':
      return 'version' in reference.at
        ? { ...known, revision: reference.at.version, pinned: true }
        : { ...known, revision: reference.at.alias, pinned: false };
    case 'oci':
      return { ...known, revision: reference.digest ?? reference.tag ?? null, pinned: reference.digest !== undefined };
  }
}

/** A reference of a kind that Assay does not read: as it is written. */
function plain(reference: string, scheme: string, revision?: string): ReadReference & { readonly kind: 'reference' } {
  return { kind: 'reference', reference, scheme, revision: revision ?? null, pinned: false };
}

function readBare(text: string, bare: BareName, revision: string | undefined): ReadReference {
  switch (bare) {
    case 'image':
      return readImage(text);
    case 'ngc':
      return plain(`ngc://${text}`, 'ngc');
    case 'preset':
      return plain(`kaito://${text}`, 'kaito');
    case 'bento':
      return plain(`bento://${text}`, 'bento');
    case 'ollama':
      return readOllama(text);
    case 'path':
      return { kind: 'path', path: text };
    case 'hub':
      return isPath(text) ? { kind: 'path', path: text } : readHub(text, revision);
    case 'hub-quant':
      return readHub(text.replace(/:[\w.-]+$/, ''), revision);
  }
}

/** Loaders take everything else for a repository: the Hub has repositories that are named like files. */
function isPath(text: string): boolean {
  return /^\.{0,2}\//.test(text);
}

function readHub(text: string, given: string | undefined): ReadReference {
  const at = text.indexOf('@');
  const repo = at < 0 ? text : text.slice(0, at);
  const revision = given ?? (at < 0 ? undefined : text.slice(at + 1));
  if (!isRepoName(repo)) return unresolved(`${shown(text)} is not a name of a model on the Hub`);
  if (revision !== undefined && !isRevision(revision)) return unresolved(`"${shown(revision)}" is not a revision`);
  const reference: HubReference = { kind: 'hf', repo, ...(revision === undefined ? {} : { revision }) };
  return ofReference(reference);
}

function readOllama(text: string): ReadReference {
  const hub = /^(?:hf\.co|huggingface\.co)\/([^/:]+\/[^/:]+)(?::[\w.-]+)?$/i.exec(text)?.[1];
  if (hub !== undefined) return readHub(hub, undefined);
  if (!/^[\w.:/-]+$/.test(text)) return unresolved(`${shown(text)} is not a name of a model`);
  return plain(`ollama://${text}`, 'ollama');
}

/** An image as container runtimes read it: without a registry it is one of Docker Hub. */
export function readImage(text: string): ReadReference {
  const [first = '', ...rest] = text.split('/');
  const hasRegistry = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  const full = hasRegistry ? text : `docker.io/${rest.length === 0 ? 'library/' : ''}${text}`;
  try {
    const read = parseReference(`oci://${full}`);
    if (read.kind !== 'oci') return unresolved(`${shown(text)} is not an image`);
    const registry = read.registry.toLowerCase();
    // Beside a digest, a tag means nothing.
    const { repository, tag, digest } = read;
    if (digest !== undefined) return ofReference({ kind: 'oci', registry, repository, digest });
    return ofReference({ kind: 'oci', registry, repository, ...(tag === undefined ? {} : { tag }) });
  } catch (error) {
    if (!(error instanceof AssayError)) throw error;
    return unresolved(`${shown(text)} is not an image: ${error.message}`);
  }
}

/** A value that names a model whatever is asked: a scheme, `owner/name`, also at a revision, or a file of weights. */
export function looksLikeModel(text: string): boolean {
  if (text.length > MAX_TEXT) return false;
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text) || /^models:\//i.test(text)) return true;
  if (/\.(?:gguf|safetensors|onnx|pt|pth|bin|mar|pkl|h5|keras)$/i.test(text)) return true;
  const repo = text.replace(/@[\w.+-]+$/, '');
  return repo.split('/').length === 2 && isRepoName(repo);
}

function unresolved(why: string): ReadReference {
  return { kind: 'unresolved', why };
}
