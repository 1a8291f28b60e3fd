import { isAssayError, parseBoundedJson } from '../../../src/core/index.ts';
import { isFields, own, ownText } from '../../../src/workload/index.ts';
import type { AdmissionRequest } from '../request.ts';

/** Why a review cannot be read, as a stable code. */
export type ReviewProblem =
  | 'too-large' // more bytes, or values, or nesting than any review has
  | 'not-json'
  | 'not-a-review' // another kind
  | 'version' // an AdmissionReview of another version
  | 'no-request'
  | 'no-uid'
  | 'operation'
  | 'kind' // the kind or the resource that is asked about is not said
  | 'field' // a field of the request is not valid
  | 'no-object' // something is created or updated, and it is not said what
  | 'object-kind'; // the object is of another kind than the request says

export interface MalformedReview {
  readonly kind: 'malformed';
  /** Empty where none can be read: the API server then refuses the answer, and with it the request. */
  readonly uid: string;
  readonly problem: ReviewProblem;
  /** Where it can be read: what holds there decides what becomes of it. */
  readonly namespace: string;
}

export type ReadReview = { readonly kind: 'request'; readonly request: AdmissionRequest } | MalformedReview;

/** CWE-400, CWE-674. Nesting beyond what is extracted is told as unresolved, so that the namespace decides. */
const BOUNDS = { maxBytes: 16 * 1024 * 1024, maxDepth: 1_000, maxTokens: 4_000_000 } as const;
const MAX_UID = 256;
/** Characters of a name, a namespace, a kind. */
const MAX_NAME = 512;
const MAX_GROUPS = 1_000;
const OPERATIONS = ['CREATE', 'UPDATE', 'DELETE', 'CONNECT'] as const;

/**
 * Reads the body of an admission request: an AdmissionReview of `admission.k8s.io/v1`, strictly. It throws nothing. Properties of
 * prototypes are not read.
 */
export function readReview(body: Uint8Array): ReadReview {
  const parsed = parse(body);
  if ('problem' in parsed) return malformed('', parsed.problem, '');
  const { json } = parsed;
  const request = own(json, 'request');
  const uid = textWithin(request, 'uid', MAX_UID) ?? '';
  const namespace = textWithin(request, 'namespace', MAX_NAME) ?? '';
  const refuse = (problem: ReviewProblem) => malformed(uid, problem, namespace);
  if (own(json, 'kind') !== 'AdmissionReview') return refuse('not-a-review');
  if (own(json, 'apiVersion') !== 'admission.k8s.io/v1') return refuse('version');
  if (!isFields(request)) return refuse('no-request');
  if (uid === '') return refuse('no-uid');
  const read = readRequest(request, uid);
  return typeof read === 'string' ? refuse(read) : { kind: 'request', request: read };
}

function parse(body: Uint8Array): { readonly json: unknown } | { readonly problem: ReviewProblem } {
  try {
    return { json: parseBoundedJson(body, 'the review', BOUNDS) };
  } catch (error) {
    if (!isAssayError(error)) throw error;
    return { problem: error.code === 'limit' ? 'too-large' : 'not-json' };
  }
}

function malformed(uid: string, problem: ReviewProblem, namespace: string): MalformedReview {
  return { kind: 'malformed', uid, problem, namespace };
}

function readRequest(request: object, uid: string): AdmissionRequest | ReviewProblem {
  const operation = OPERATIONS.find((known) => known === own(request, 'operation'));
  if (operation === undefined) return 'operation';
  const of = own(request, 'kind');
  const [group, version, kind] = ['group', 'version', 'kind'].map((name) => textWithin(of, name, MAX_NAME));
  const resource = textWithin(own(request, 'resource'), 'resource', MAX_NAME);
  if (group === undefined || !version || !kind || !resource) return 'kind';
  const subResource = optionalText(request, 'subResource');
  const namespace = optionalText(request, 'namespace');
  const name = optionalText(request, 'name');
  const username = optionalText(own(request, 'userInfo'), 'username');
  const groups = groupsOf(own(request, 'userInfo'));
  const dryRun = own(request, 'dryRun') ?? false;
  if (subResource === undefined || namespace === undefined || name === undefined) return 'field';
  if (username === undefined || groups === undefined || typeof dryRun !== 'boolean') return 'field';
  const object = own(request, 'object') ?? null;
  const oldObject = own(request, 'oldObject') ?? null;
  if (operation === 'CREATE' || operation === 'UPDATE') {
    if (!isFields(object)) return 'no-object';
    const apiVersion = group === '' ? version : `${group}/${version}`;
    // What is extracted depends on it, so both have to say the same.
    if (own(object, 'apiVersion') !== apiVersion || own(object, 'kind') !== kind) return 'object-kind';
  }
  const user = { username, groups };
  const about = { group, version, kind, resource, subResource, namespace, name };
  return { uid, operation, ...about, user, dryRun, object, oldObject };
}

function textWithin(value: unknown, name: string, max: number): string | undefined {
  const text = ownText(value, name);
  return text !== undefined && text.length <= max ? text : undefined;
}

/** Empty where there is none; `undefined` for what is not text, or too long a one. */
function optionalText(value: unknown, name: string): string | undefined {
  return (own(value, name) ?? '') === '' ? '' : textWithin(value, name, MAX_NAME);
}

function groupsOf(user: unknown): readonly string[] | undefined {
  const groups = own(user, 'groups') ?? [];
  if (!Array.isArray(groups) || groups.length > MAX_GROUPS) return undefined;
  return groups.every((group) => typeof group === 'string' && group.length <= MAX_NAME) ? groups : undefined;
}
