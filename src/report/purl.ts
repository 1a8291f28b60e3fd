import { isAssayError } from '../core/index.ts';
import { isCommit, isRepoName, parseReference, type Reference } from '../core/reference/index.ts';

/**
 * The package URL (ECMA-427) of a reference, by the types `huggingface`, `oci` and `mlflow`; `undefined` for other places.
 * @example purlOf('hf://acme/model@0123456789abcdef0123456789abcdef01234567') // pkg:huggingface/acme/model@0123456789a...
 */
export function purlOf(pinned: string): string | undefined {
  const reference = purlReference(pinned);
  switch (reference?.kind) {
    case 'hf':
      return hubPurl(reference.repo, reference.revision, reference.path);
    case 'oci': {
      const { registry, repository, tag, digest } = reference;
      const name = repository.slice(repository.lastIndexOf('/') + 1).toLowerCase();
      const qualifiers = [`repository_url=${encode(`${registry}/${repository}`)}`];
      if (tag !== undefined) qualifiers.push(`tag=${encode(tag)}`);
      return `pkg:oci/${encode(name)}${atVersion(digest)}?${qualifiers.join('&')}`;
    }
    case 'models':
      return `pkg:mlflow/${encode(reference.name)}${atVersion('version' in reference.at ? reference.at.version : undefined)}`;
    default:
      return undefined;
  }
}

/** The package URL of `owner/model` or `owner/model@revision` as a model card has it; `undefined` where it names no repository. */
export function declaredPurl(name: string): string | undefined {
  const [repo = '', revision] = name.split('@');
  return isRepoName(repo) ? hubPurl(repo, revision, undefined) : undefined;
}

/** A version of the type is a commit, not a branch or a tag. */
function hubPurl(repo: string, revision: string | undefined, path: string | undefined): string {
  const name = repo.split('/').map(encode).join('/');
  const subpath = path === undefined ? '' : `#${path.split('/').map(encode).join('/')}`;
  return `pkg:huggingface/${name}${atVersion(isCommit(revision) ? revision : undefined)}${subpath}`;
}

/** @returns `undefined` for what is not a reference. */
export function purlReference(text: string): Reference | undefined {
  try {
    return parseReference(text);
  } catch (error) {
    if (isAssayError(error)) return undefined;
    throw error;
  }
}

function atVersion(version: string | undefined): string {
  return version === undefined ? '' : `@${encode(version)}`;
}

/** All but letters, digits, `.-_~:` is percent-encoded; lone surrogates become U+FFFD. */
function encode(text: string): string {
  return encodeURIComponent(text.replace(/\p{Cs}/gu, '\ufffd'))
    .replaceAll('%3A', ':')
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}
