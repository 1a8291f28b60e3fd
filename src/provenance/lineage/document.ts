import { AssayError } from '../../core/index.ts';
import type { NodeKind, Relation } from '../../core/lineage/index.ts';

/** What a document says of bytes. */
export interface SaidDigest {
  /** `sha256`, `md5`, `gitCommit`; others are shown and never compared. */
  readonly algorithm: string;
  /** Lower case. */
  readonly hex: string;
  /** `listing`: of the names and digests of a folder's files (DVC); `sample`: of some rows alone (MLflow). */
  readonly of: 'bytes' | 'listing' | 'sample';
}

/** One thing that a document names: nothing of it is known to be true. */
export interface Entity {
  readonly kind: NodeKind;
  readonly name: string;
  /** Where it came from. */
  readonly uri: string | null;
  /** Where it lies, relative to the folder of the document: never outside of it. */
  readonly path: string | null;
  readonly digests: readonly SaidDigest[];
  /** Bytes. */
  readonly size: number | null;
  /** Why its bytes cannot be compared with what the document says: as a sentence without its subject. */
  readonly problem: string | null;
}

/** One thing that a document says. */
export interface SaidRelation {
  readonly from: Entity;
  readonly relation: Relation;
  readonly to: Entity;
}

export const DOCUMENT_KINDS = [
  'croissant',
  'model-card',
  'dvc',
  'in-toto',
  'cyclonedx',
  'spdx',
  'mlflow',
  'training',
] as const;
export type DocumentKind = (typeof DOCUMENT_KINDS)[number];

/** What one document says of models, runs, data and where they came from. */
export interface LineageDocument {
  /** As messages name it. */
  readonly name: string;
  readonly kind: DocumentKind;
  /** Each once; claims refer to them. */
  readonly entities: readonly Entity[];
  readonly claims: readonly SaidRelation[];
  /** What the run was set to. */
  readonly hyperparameters: Readonly<Record<string, string>>;
  /** What of it counts less than a reader might think, as sentences. */
  readonly notes: readonly string[];
}

/** CWE-770: things that one document names. */
export const MAX_ENTITIES = 20_000;
const MAX_CLAIMS = 100_000;
/** UTF-16 units of a name or an address that is kept. */
const MAX_TEXT = 1000;
const MAX_PATH = 4096;

/** Collects what a document says, within bounds. */
export class DocumentBuilder {
  readonly #name: string;
  readonly #kind: DocumentKind;
  readonly #entities: Entity[] = [];
  readonly #claims: SaidRelation[] = [];
  readonly #notes: string[] = [];
  #hyperparameters: LineageDocument['hyperparameters'] = {};

  constructor(kind: DocumentKind, name: string) {
    this.#kind = kind;
    this.#name = name;
  }

  /** @throws AssayError `limit` */
  entity(entity: Pick<Entity, 'kind' | 'name'> & Partial<Entity>): Entity {
    if (this.#entities.length >= MAX_ENTITIES) throw this.#limit(`names more than ${MAX_ENTITIES} things`);
    const { kind, name, uri = null, path = null, digests = [], size = null, problem = null } = entity;
    const made = {
      kind,
      name: name.slice(0, MAX_TEXT),
      uri: uri === null ? null : withoutSecrets(uri.slice(0, MAX_TEXT)),
      path,
      digests,
      size,
      problem,
    };
    this.#entities.push(made);
    return made;
  }

  /** @throws AssayError `limit` */
  claim(from: Entity, relation: Relation, to: Entity): void {
    if (this.#claims.length >= MAX_CLAIMS) throw this.#limit(`says more than ${MAX_CLAIMS} things`);
    this.#claims.push({ from, relation, to });
  }

  parameters(hyperparameters: LineageDocument['hyperparameters']): void {
    this.#hyperparameters = hyperparameters;
  }

  note(text: string): void {
    this.#notes.push(text);
  }

  done(): LineageDocument {
    return {
      name: this.#name,
      kind: this.#kind,
      entities: this.#entities,
      claims: this.#claims,
      hyperparameters: this.#hyperparameters,
      notes: this.#notes,
    };
  }

  #limit(what: string): AssayError {
    return new AssayError('limit', what, { subject: this.#name });
  }
}

/** An address without its user, password and query, which may let whoever reads it in. */
export function withoutSecrets(uri: string): string {
  return uri.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i, '$1').replace(/\?[^#]*/, '');
}

/**
 * A path of a document in canonical form, or why it is not one. A document leads to no file outside of its own folder (CWE-22).
 * @returns the parts without `.`, joined by `/`
 */
export function pathBelow(text: string): { readonly path: string } | { readonly problem: string } {
  if (text === '' || text.length > MAX_PATH || hasControls(text))
    return { problem: 'has a path that is empty, too long or holds control characters' };
  // A drive of Windows, a share, or a separator that only Windows has: another reader would find another file.
  if (text.startsWith('/') || text.includes('\\') || /^[A-Za-z]:/.test(text))
    return { problem: 'has a path that does not start in the folder of the document' };
  const parts = text.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) return { problem: 'has a path that leaves the folder of the document' };
  if (parts.length === 0) return { problem: 'has a path that names no file' };
  return { path: parts.join('/') };
}

function hasControls(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) < 0x20) return true;
  return false;
}

const HEX: Readonly<Record<string, RegExp>> = { sha256: /^[0-9a-f]{64}$/, md5: /^[0-9a-f]{32}$/ };

/**
 * A digest as a document writes it, or why it is none.
 * @param algorithm `sha256` or `md5`
 */
export function writtenDigest(algorithm: string, written: unknown): SaidDigest | { readonly problem: string } {
  const hex = typeof written === 'string' ? written.toLowerCase() : '';
  if (HEX[algorithm]?.test(hex) === true) return { algorithm, hex, of: 'bytes' };
  const what = typeof written === 'string' && /^[a-z]+:\/\//i.test(written) ? 'an address' : 'something else';
  return { problem: `has ${what} where its ${algorithm} should be, so its bytes cannot be compared` };
}

/** What documents write of the bytes of one thing: the digests that can be compared, and the first reason why one cannot. */
export function digestsOf(written: Readonly<Record<string, unknown>>): Pick<Entity, 'digests' | 'problem'> {
  const digests: SaidDigest[] = [];
  let problem: string | null = null;
  for (const [algorithm, text] of Object.entries(written)) {
    if (text === undefined || text === null) continue;
    const read = writtenDigest(algorithm, text);
    if ('problem' in read) problem ??= read.problem;
    else digests.push(read);
  }
  return { digests, problem };
}
