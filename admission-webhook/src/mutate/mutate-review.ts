import type { Asked } from '../../../src/snapshot/index.ts';
import { extractReferences, isFields, own, type WorkloadReference } from '../../../src/workload/index.ts';
import { bounded, shownReference } from '../decide/index.ts';
import type { Mutation, MutationOptions, PatchOperation } from '../patch.ts';
import type { AdmissionRequest } from '../request.ts';
import type { WebhookState } from '../state.ts';
import { annotatePins } from './annotate.ts';
import { applied } from './apply.ts';
import { pinImages } from './images.ts';
import { injectFetches } from './inject.ts';
import { type Pin, Pinner } from './pins.ts';
import { rewritePins } from './rewrite.ts';

const NOTHING: Mutation = { patch: [], warnings: [] };
const MAX_WARNINGS = 10;
const MAX_TEXT = 250;
/** References of one object that are pinned. */
const MAX_PINS = 64;

/** What is done to an object, by its kind and the configuration. */
interface Requests {
  readonly annotate: boolean;
  readonly rewrite: boolean;
  readonly fetchImage: string | null;
}

/**
 * What is changed in an object so that the approved version runs. Nothing is decided here: what is not approved stays as it is, and is
 * refused when it is validated. Asked again about its own result it changes nothing. No I/O, no waiting, and no exception for anything
 * an object may hold.
 */
export function mutateReview(
  request: AdmissionRequest,
  state: WebhookState,
  options: MutationOptions,
  now: Date,
): Mutation {
  const requests = requestsOf(request, options);
  const rule = state.namespaces.ruleOf(request.namespace);
  const { snapshot } = state;
  if (requests === undefined || rule.mode === 'off' || isExempt(request.namespace, state)) return NOTHING;
  if (snapshot.kind === 'none' || snapshot.index.isExpired(now)) return NOTHING;
  const { index } = snapshot;
  const asked: Asked = rule.stage === null ? { now } : { now, stage: rule.stage };
  const { object } = request;
  const found = extractReferences(object);
  const pinner = new Pinner(index, asked);
  const { pins, warnings } = pinsOf(found.references, pinner);
  const rewritten = requests.rewrite
    ? rewritePins(object, found, pins)
    : { patch: [], object, found, done: [], left: [] };
  for (const { found: was, reference } of rewritten.done) warnings.push(pinnedWarning(was, reference));
  for (const { found: was, reference } of rewritten.left) warnings.push(leftWarning(was, reference));
  const { fetchImage: image } = requests;
  const injected =
    image === null ? NOTHING : injectFetches(rewritten.object, rewritten.found.references, { image, index, asked });
  const taken = new Set(rewritten.patch.map(({ path }) => path));
  const images = requests.rewrite
    ? pinImages(rewritten.object, rewritten.found.images, { index, now, taken })
    : { patch: [], warnings: [] };
  warnings.push(...images.warnings);
  const patch: readonly PatchOperation[] = [...rewritten.patch, ...images.patch, ...injected.patch];
  const annotations = requests.annotate ? annotationsOf(object, patch, pins, pinner) : [];
  return { patch: [...patch, ...annotations], warnings: told([...warnings, ...injected.warnings]) };
}

/** `undefined` where nothing is changed: only what is stored as it is asked for, and what may still be changed. */
function requestsOf(request: AdmissionRequest, { pin, fetch, kinds = [] }: MutationOptions): Requests | undefined {
  const { operation, subResource, object, group, kind } = request;
  if (!isFields(object) || subResource !== '' || (operation !== 'CREATE' && operation !== 'UPDATE')) return undefined;
  if (own(own(object, 'metadata'), 'deletionTimestamp') !== undefined) return undefined;
  if (group === '' && kind === 'Pod') {
    // What a Pod runs is fixed when it is made.
    if (operation !== 'CREATE' || (pin === 'off' && fetch === null)) return undefined;
    return {
      annotate: pin === 'annotate',
      rewrite: pin === 'rewrite' || fetch !== null,
      fetchImage: fetch?.image ?? null,
    };
  }
  const isWanted = pin === 'rewrite' && kinds.includes(group === '' ? kind : `${kind}.${group}`);
  return isWanted ? { annotate: false, rewrite: true, fetchImage: null } : undefined;
}

function isExempt(namespace: string, { ownNamespace }: WebhookState): boolean {
  return namespace !== '' && (namespace === 'kube-system' || namespace === ownNamespace);
}

function pinsOf(
  references: readonly WorkloadReference[],
  pinner: Pinner,
): { readonly pins: readonly Pin[]; readonly warnings: string[] } {
  const pins: Pin[] = [];
  const warnings: string[] = [];
  for (const found of references.filter((one) => !one.pinned).slice(0, MAX_PINS)) {
    const answer = pinner.pinOf(found);
    if (answer.kind === 'pin') pins.push(answer.pin);
    if (answer.kind === 'unsure') warnings.push(`${shownReference(found.reference)} is not pinned: ${answer.why}`);
  }
  return { pins, warnings };
}

/** Pointers are those of the object as it will be. */
function annotationsOf(
  object: unknown,
  patch: readonly PatchOperation[],
  before: readonly Pin[],
  pinner: Pinner,
): readonly PatchOperation[] {
  if (patch.length === 0) return annotatePins(object, before);
  const changed = applied(object, patch);
  return annotatePins(object, pinsOf(extractReferences(changed).references, pinner).pins);
}

function pinnedWarning({ reference, revision }: WorkloadReference, pinned: string): string {
  const asked = revision === null ? 'without a revision' : `at ${revision.slice(0, 60)}`;
  return `${shownReference(reference)}, requested ${asked}, is now the approved ${shownReference(pinned)}`;
}

function leftWarning({ reference }: WorkloadReference, pinned: string): string {
  return `${shownReference(reference)} is not pinned: ${shownReference(pinned)} cannot be written there`;
}

function told(warnings: readonly string[]): readonly string[] {
  const all = [...new Set(warnings)].map((text) => bounded(text, MAX_TEXT));
  if (all.length <= MAX_WARNINGS) return all;
  return [...all.slice(0, MAX_WARNINGS - 1), `and ${all.length - MAX_WARNINGS + 1} more`];
}
