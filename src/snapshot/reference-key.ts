import { isAssayError } from '../core/index.ts';
import { formatReference, isCommit, parseReference, type Reference } from '../core/reference/index.ts';

/** The kind of a reference in a snapshot. */
export type PinnedReference =
  /** Always the same bytes, in the one spelling; `whole`: of the repository that it is a part of. */
  | { readonly kind: 'pinned'; readonly ref: string; readonly whole?: string }
  /** The bytes can change: a branch, a tag, an alias, a path. */
  | { readonly kind: 'unpinned' }
  | { readonly kind: 'unresolved'; readonly reason: string };

/** The Hub that references mean when no other is named. */
const WELL_KNOWN = 'https://huggingface.co';

/** Reads a reference as people and manifests write it. */
export function pinnedReference(text: string): PinnedReference {
  try {
    return pinnedOf(parseReference(text));
  } catch (error) {
    if (!isAssayError(error)) throw error;
    return { kind: 'unresolved', reason: error.message };
  }
}

function pinnedOf(reference: Reference): PinnedReference {
  switch (reference.kind) {
    case 'hf': {
      if (!isCommit(reference.revision)) return { kind: 'unpinned' };
      const { repo, revision } = reference;
      const whole = reference.path === undefined ? {} : { whole: formatReference({ kind: 'hf', repo, revision }) };
      return { kind: 'pinned', ref: formatReference(reference), ...whole };
    }
    case 'oci': {
      const { registry, repository, digest } = reference;
      // Beside a digest, a tag means nothing.
      return pinnedIf(digest && { kind: 'oci', registry: registry.toLowerCase(), repository, digest });
    }
    case 'https':
      return pinnedIf(reference.sha256 && reference);
    case 's3':
      return pinnedIf(reference.versionId && reference);
    case 'models':
      return pinnedIf('version' in reference.at && reference);
    case 'path':
      return { kind: 'unpinned' };
  }
}

function pinnedIf(reference: Reference | '' | false | undefined): PinnedReference {
  return reference ? { kind: 'pinned', ref: formatReference(reference) } : { kind: 'unpinned' };
}

/**
 * The one spelling of a server's address; `null` for the Hub that everybody means.
 * @returns `undefined` for what is not an address
 */
export function canonicalEndpoint(endpoint: string | null | undefined): string | null | undefined {
  if (endpoint === null || endpoint === undefined || endpoint === '') return null;
  if (!URL.canParse(endpoint)) return undefined;
  const url = new URL(endpoint);
  if (!/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') return undefined;
  const address = `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
  return address === WELL_KNOWN ? null : address;
}

/** The scheme of a reference in its one spelling: `hf`, `oci`. */
export function schemeOf(ref: string): string {
  return ref.slice(0, ref.indexOf(':'));
}
