import { readdirSync, readFileSync } from 'node:fs';
import {
  type AdmissionConfig,
  type AdmissionRequest,
  decideReview,
  type HeldSnapshot,
  NO_CONFIG,
  NO_POLICIES,
  NO_WAIVERS,
  namespaceRules,
  readReview,
  type WebhookState,
} from '../../../admission-webhook/src/index.ts';
import { openSnapshot, type SnapshotDocument, type SnapshotEntry } from '../../../src/snapshot/index.ts';
import { entry, NOW, sha256, signed, writer } from '../../snapshot/samples.ts';

export { COMMIT, denied, entry, NOW, sha256 } from '../../snapshot/samples.ts';

const REVIEWS = new URL('../../../fixtures/admission-reviews/', import.meta.url);

/** Names of the reviews that were recorded from a real API server. */
export const RECORDED = readdirSync(REVIEWS).filter((name) => name.endsWith('.json'));

export function recorded(name: string): Buffer {
  return readFileSync(new URL(name, REVIEWS));
}

export function requestOf(body: Uint8Array): AdmissionRequest {
  const read = readReview(body);
  if (read.kind !== 'request') throw new Error(`the review is malformed: ${read.problem}`);
  return read.request;
}

/** A signed snapshot, opened as the webhook opens it. */
export async function heldSnapshot(
  entries: readonly SnapshotEntry[],
  more: Partial<SnapshotDocument> = {},
): Promise<HeldSnapshot> {
  const bytes = await signed({ ...more, entries });
  const index = openSnapshot(bytes, { trust: writer.publicKey, now: NOW, evenExpired: true });
  return { kind: 'held', index, loadedAt: NOW, from: 'snapshot.json' };
}

/** Approved for every stage. */
export function approved(ref: string, more: Partial<SnapshotEntry> = {}): SnapshotEntry {
  const stages = ['staging', 'production'].map((stage) => ({ stage, notAfter: null }));
  return entry({ model: ref.replace(/^\w+:\/+|@.*$/g, ''), digest: sha256(ref), refs: [ref], stages, ...more });
}

export function gateOf(
  snapshot: HeldSnapshot,
  config: Partial<AdmissionConfig> = {},
  more: Partial<WebhookState> = {},
): WebhookState {
  const all = { ...NO_CONFIG, ...config };
  return {
    snapshot,
    namespaces: namespaceRules(all, () => undefined),
    policies: NO_POLICIES,
    exceptions: all.exceptions,
    baselines: [all.baseline],
    breakGlass: NO_WAIVERS,
    serviceUrl: null,
    ownNamespace: null,
    ...more,
  };
}

/** A review of an object, as the API server writes it. */
export function reviewOf(object: object | null, more: Readonly<Record<string, unknown>> = {}): Buffer {
  const of = (object ?? {}) as { readonly apiVersion?: string; readonly kind?: string };
  const [version = 'v1', group = ''] = (of.apiVersion ?? 'v1').split('/').reverse();
  const request = {
    uid: '705ab4f5-6393-11e8-b7cc-42010a800002',
    kind: { group, version, kind: of.kind ?? 'Pod' },
    resource: { group, version, resource: `${(of.kind ?? 'Pod').toLowerCase()}s` },
    name: 'thing',
    namespace: 'models',
    operation: 'CREATE',
    userInfo: { username: 'alice', groups: ['system:authenticated'] },
    object,
    oldObject: null,
    dryRun: false,
    ...more,
  };
  return Buffer.from(JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request }));
}

export function decide(body: Uint8Array, state: WebhookState, now = NOW) {
  return decideReview(requestOf(body), state, now);
}
