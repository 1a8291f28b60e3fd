import { fileURLToPath } from 'node:url';
import { AssayError } from '../errors.ts';
import {
  formatModels,
  formatOci,
  formatS3,
  type ModelsReference,
  type OciReference,
  parseModels,
  parseOci,
  parseS3,
  type S3Reference,
} from './store-reference.ts';

/** A file or folder on this machine. */
export interface PathReference {
  readonly kind: 'path';
  readonly path: string;
}

/** A model of the Hugging Face Hub, or one of its files or folders. */
export interface HubReference {
  readonly kind: 'hf';
  /** `owner/model`, or the bare name of a model from the Hub's first years. */
  readonly repo: string;
  /** A branch, a tag, `refs/pr/N` or a commit, as given; absent for the default branch. */
  readonly revision?: string;
  /** A file or folder of the repository; absent for all of it. */
  readonly path?: string;
}

/** One file behind an address. */
export interface HttpsReference {
  readonly kind: 'https';
  readonly url: string;
  /** Hex, from `#sha256=...`: what the bytes must be. */
  readonly sha256?: string;
}

/** The place of an artifact, as the user names it. */
export type Reference = PathReference | HubReference | HttpsReference | S3Reference | OciReference | ModelsReference;

const SUPPORTED =
  'a path, hf://owner/model[@revision], https://..., s3://bucket/key, oci://registry/repository, models:/name/version';
/** Unsupported schemes that users try, each with the alternative. */
const INSTEAD: Readonly<Record<string, string>> = {
  'git+https:': 'clone it with git lfs, and give the path of the checkout',
  'git+ssh:': 'clone it with git lfs, and give the path of the checkout',
  'gs:': 'download it and give its path, or use the s3:// interface of the bucket with AWS_ENDPOINT_URL',
  'mlflow:': 'write models:/name/version or models:/name@alias',
};
const HUB_HOSTS = new Set(['huggingface.co', 'www.huggingface.co', 'hf.co']);
/** First words of Hub addresses that are not owner of models. */
const HUB_PAGES = new Set([
  'api',
  'blog',
  'collections',
  'docs',
  'join',
  'learn',
  'login',
  'models',
  'papers',
  'posts',
  'settings',
]);

/**
 * Reads a reference. A page of the Hub as pasted from a browser is the model it shows.
 * @param hubEndpoint address of the Hub in use (`HF_ENDPOINT`), whose pages are recognised too
 * @throws AssayError `usage` for a scheme that is unknown or not built, and for impossible names and revisions.
 */
export function parseReference(text: string, hubEndpoint?: string): Reference {
  if (text === '') throw usage(text, 'the reference is empty', `give ${SUPPORTED}`);
  const scheme =
    /^([a-z][a-z0-9+.-]+:)\/\//i.exec(text)?.[1]?.toLowerCase() ??
    (text.startsWith('models:/') ? 'models:' : undefined);
  if (scheme === undefined) return { kind: 'path', path: text };
  if (scheme === 'file:') return { kind: 'path', path: filePath(text) };
  if (scheme === 'hf:') return parseHub(text);
  if (scheme === 'https:' || scheme === 'http:') return parseAddress(text, hubEndpoint);
  if (scheme === 's3:') return parseS3(text);
  if (scheme === 'oci:') return parseOci(text);
  if (scheme === 'models:') return parseModels(text);
  const instead = INSTEAD[scheme];
  if (instead !== undefined) throw usage(text, `${scheme}// references are not supported`, instead);
  throw usage(text, `unknown scheme ${scheme}`, `give ${SUPPORTED}`);
}

/** The canonical form of a reference; parsing it gives the same reference. */
export function formatReference(reference: Reference): string {
  switch (reference.kind) {
    case 'path':
      return reference.path;
    case 'https':
      return reference.sha256 === undefined ? reference.url : `${reference.url}#sha256=${reference.sha256}`;
    case 's3':
      return formatS3(reference);
    case 'oci':
      return formatOci(reference);
    case 'models':
      return formatModels(reference);
    case 'hf':
      return formatHub(reference);
  }
}

function formatHub(reference: HubReference): string {
  const revision = reference.revision === undefined ? '' : `@${formatRevision(reference.revision)}`;
  const path = reference.path === undefined ? '' : `/${reference.path.split('/').map(encodeURIComponent).join('/')}`;
  return `hf://${reference.repo}${revision}${path}`;
}

/** The same place at a commit. */
export function pinReference(reference: HubReference, commit: string): string {
  return formatReference({ ...reference, revision: commit });
}

export function isCommit(revision: string | undefined): revision is string {
  return revision !== undefined && /^[0-9a-f]{40}$/.test(revision);
}

/** `owner/model` or `model` by the Hub's own rules. */
export function isRepoName(repo: string): boolean {
  if (repo.length > 193 || repo.includes('--') || repo.includes('..') || repo.endsWith('.git')) return false;
  return /^(?:[A-Za-z0-9][\w.-]{0,95}\/)?[A-Za-z0-9_][\w.-]{0,95}$/.test(repo) && !/[.-]$/.test(repo);
}

/** A branch, tag or commit that is safe in an address and as a file name below `refs/`. */
export function isRevision(revision: string): boolean {
  if (revision.length > 255 || revision.includes('..') || revision.endsWith('.lock') || revision.endsWith('.'))
    return false;
  return /^[A-Za-z0-9_][\w.+-]*(?:\/[\w+-][\w.+-]*)*$/.test(revision);
}

/** A path within an artifact: relative, `/` between parts, no part that is `..`, hides the name or ends it early. */
export function isArtifactPath(path: string): boolean {
  if (path.length === 0 || path.length > 4096 || /[\0\\]/.test(path)) return false;
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}

/** An address for messages: without the query and the user part, which may hold secrets. */
export function shownAddress(address: string | URL): string {
  const url = URL.canParse(String(address)) ? new URL(String(address)) : undefined;
  return url === undefined ? 'an address that cannot be read' : `${url.origin}${url.pathname}`;
}

export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

/** `hf://owner/model[@revision][/path]`, with `%2F` for a `/` in a revision other than `refs/pr/N` and `refs/convert/N`. */
function parseHub(text: string): HubReference {
  const parts = text.slice('hf://'.length).replace(/\/+$/, '').split('/');
  const first = parts[0] ?? '';
  refuseOtherKinds(text, first);
  const legacy = parts.length === 1 || first.includes('@');
  const head = legacy ? first : `${first}/${parts[1]}`;
  const rest = parts.slice(legacy ? 1 : 2);
  const at = head.indexOf('@');
  if (at < 0) return hub(text, head, undefined, rest);
  return hub(text, head.slice(0, at), ...splitRevision([head.slice(at + 1), ...rest]));
}

/** An address that is a page of the Hub, or a file anywhere. */
function parseAddress(text: string, hubEndpoint: string | undefined): Reference {
  if (!URL.canParse(text)) throw usage('the address', 'the address cannot be read', 'check its spelling');
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') {
    throw usage(shownAddress(url), 'the address contains a user name or a password', 'remove them from the address');
  }
  const base = hubBase(url, hubEndpoint);
  if (base !== undefined) return parsePage(url, base);
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    throw usage(shownAddress(url), 'http:// does not protect the bytes from changes', 'use its https:// address');
  }
  const sha256 = /^#sha256=(.*)$/.exec(url.hash)?.[1]?.toLowerCase();
  if (sha256 !== undefined && !/^[0-9a-f]{64}$/.test(sha256)) {
    throw usage(shownAddress(url), 'the digest after #sha256= is not 64 hex digits', 'give the whole SHA-256 digest');
  }
  url.hash = '';
  return { kind: 'https', url: url.href, ...(sha256 === undefined ? {} : { sha256 }) };
}

/** The path under which the Hub's pages stand, when the address is one of them. */
function hubBase(url: URL, hubEndpoint: string | undefined): string | undefined {
  if (url.protocol === 'https:' && url.port === '' && HUB_HOSTS.has(url.hostname)) return '';
  if (hubEndpoint === undefined || !URL.canParse(hubEndpoint)) return undefined;
  const hubUrl = new URL(hubEndpoint);
  const base = hubUrl.pathname.replace(/\/+$/, '');
  return url.origin === hubUrl.origin && url.pathname.startsWith(`${base}/`) ? base : undefined;
}

const VIEWS = new Set(['tree', 'blob', 'resolve', 'raw', 'blame', 'commits', 'commit']);

function parsePage(url: URL, base: string): HubReference {
  const text = shownAddress(url);
  const parts = url.pathname
    .slice(base.length)
    .split('/')
    .filter((part) => part !== '');
  const first = parts[0] ?? '';
  refuseOtherKinds(text, first);
  if (first === '' || HUB_PAGES.has(first)) throw noModel(text);
  const legacy = parts.length === 1 || VIEWS.has(parts[1] ?? '');
  const repo = legacy ? first : `${first}/${parts[1]}`;
  const rest = parts.slice(legacy ? 1 : 2);
  if (rest.length === 0) return hub(text, repo, undefined, []);
  if (!VIEWS.has(rest[0] ?? '') || rest.length === 1) throw noModel(text);
  return hub(text, repo, ...splitRevision(rest.slice(1)));
}

function noModel(text: string): AssayError {
  return usage(
    text,
    "this page of the Hub shows no model's files",
    'give the address of the model, or hf://owner/model',
  );
}

function refuseOtherKinds(text: string, first: string): void {
  if (first !== 'datasets' && first !== 'spaces') return;
  throw usage(
    text,
    `${first} of the Hub are not supported in this version; only models are`,
    'download it and give its path',
  );
}

function splitRevision(parts: readonly string[]): [string, string[]] {
  if (parts[0] === 'refs' && (parts[1] === 'pr' || parts[1] === 'convert') && parts[2] !== undefined) {
    return [parts.slice(0, 3).join('/'), parts.slice(3)];
  }
  return [parts[0] ?? '', parts.slice(1)];
}

function hub(
  text: string,
  repo: string,
  encodedRevision: string | undefined,
  encodedPath: readonly string[],
): HubReference {
  if (!isRepoName(repo))
    throw usage(text, `"${repo}" is not a name of a model on the Hub`, 'write hf://owner/model[@revision]');
  const revision = encodedRevision === undefined ? undefined : decode(text, encodedRevision);
  if (revision !== undefined && !isRevision(revision)) {
    throw usage(
      text,
      `"${revision}" is not a revision`,
      'give a branch, a tag, refs/pr/N or a 40-digit commit after the @',
    );
  }
  const path = encodedPath.map((part) => decode(text, part)).join('/');
  if (path !== '' && !isArtifactPath(path))
    throw usage(text, `"${path}" is not a path within a repository`, 'name a file or a folder of it');
  return { kind: 'hf', repo, ...(revision === undefined ? {} : { revision }), ...(path === '' ? {} : { path }) };
}

function decode(text: string, part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (cause) {
    throw new AssayError('usage', `"${part}" has a broken % escape`, { subject: text, hint: 'write % as %25', cause });
  }
}

function formatRevision(revision: string): string {
  return /^refs\/(?:pr|convert)\/[^/]+$/.test(revision) ? revision : encodeURIComponent(revision);
}

function filePath(text: string): string {
  try {
    return fileURLToPath(text);
  } catch (cause) {
    throw new AssayError('usage', 'this file: address names no path', {
      subject: text,
      hint: 'give the path itself',
      cause,
    });
  }
}

function usage(subject: string, message: string, hint: string): AssayError {
  return new AssayError('usage', message, { subject, hint });
}
