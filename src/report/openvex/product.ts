import { createHash } from 'node:crypto';
import type { Assessment, FileAssessment } from '../../core/assessment/index.ts';
import { isCommit } from '../../core/reference/index.ts';
import { purlOf, purlReference } from '../purl.ts';
import { pathToUri } from '../sarif/index.ts';

export interface VexSubcomponent {
  readonly '@id': string;
  readonly hashes?: { readonly 'sha-256': string };
}

export interface VexProduct {
  readonly '@id': string;
  readonly identifiers?: { readonly purl: string };
  /** The canonical tree digest, as attestations have it. */
  readonly hashes?: { readonly 'sha-256': string };
  readonly subcomponents?: readonly VexSubcomponent[];
}

/** CWE-770: files that one statement lists. */
const MAX_FILES = 1000;
/** CWE-770: characters of one name. */
const MAX_NAME = 1000;

/**
 * An artifact and some of its files as OpenVEX names products: by a package URL where there is a type for the source
 * (https://github.com/package-url/purl-spec: `huggingface`, `oci`), by its pinned address otherwise, and by its digest when it
 * is a path, which means nothing to others.
 */
export function vexProduct({ artifact }: Assessment, files: readonly FileAssessment[]): VexProduct {
  const purl = packageUrl(artifact.pinned);
  const id = purl ?? addressOf(artifact);
  const hex = hexOf(artifact.digest);
  return {
    '@id': id,
    ...(purl === undefined ? {} : { identifiers: { purl } }),
    ...(hex === undefined ? {} : { hashes: { 'sha-256': hex } }),
    ...(files.length === 0 ? {} : { subcomponents: files.slice(0, MAX_FILES).map((file) => subcomponent(id, file)) }),
  };
}

function subcomponent(id: string, { path, sha256 }: FileAssessment): VexSubcomponent {
  const place = `${id}${id.includes('#') ? '/' : '#'}${pathToUri(bounded(path))}`;
  return { '@id': place, ...(sha256 === null ? {} : { hashes: { 'sha-256': sha256 } }) };
}

/**
 * Only for pinned references: a statement about a branch would also cover its future content. Files are subcomponents, so
 * that the product is the repository.
 */
function packageUrl(pinned: string): string | undefined {
  const reference = purlReference(pinned);
  const isPinned =
    (reference?.kind === 'hf' && isCommit(reference.revision)) ||
    (reference?.kind === 'oci' && reference.digest !== undefined);
  return isPinned ? purlOf(pinned)?.replace(/#.*$/, '') : undefined;
}

function addressOf({ pinned, digest }: Assessment['artifact']): string {
  const reference = purlReference(pinned);
  if (reference !== undefined && reference.kind !== 'path')
    return encodeURI(bounded(pinned).replace(/\p{Cs}/gu, '\ufffd'));
  if (digest !== null) return `urn:assay:artifact:${digest}`;
  const name = pinned.split(/[/\\]/).findLast((part) => part !== '') ?? '';
  return `urn:assay:artifact:name:${pathToUri(bounded(name))}`;
}

/** A long name is cut, and a digest of all of it tells it from others. */
function bounded(text: string): string {
  if (text.length <= MAX_NAME) return text;
  return `${text.slice(0, MAX_NAME)}~${createHash('sha256').update(text).digest('hex')}`;
}

function hexOf(digest: string | null): string | undefined {
  return digest?.startsWith('sha256:') ? digest.slice('sha256:'.length) : undefined;
}
