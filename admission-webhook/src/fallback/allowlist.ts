import { AssayError } from '../../../src/core/index.ts';
import { Snapshot, type SnapshotDocument } from '../../../src/snapshot/index.ts';
import { celKeyOf } from './cel.ts';

/** Bytes that the API server takes in the values of a ConfigMap, and etcd in one request with some room. */
const MAX_BYTES = 1024 * 1024;

/** Value of a reference whose own code was judged and approved, too. */
export const REMOTE_CODE = 'remote-code';

/** What is approved, as data of a ConfigMap. */
export interface FallbackAllowlist {
  readonly data: Readonly<Record<string, string>>;
  /** Approved references that cannot stand in it, each with why. */
  readonly leftOut: readonly { readonly reference: string; readonly why: string }[];
}

export interface AllowlistOptions {
  /** Approved for it; for any when absent. */
  readonly stage?: string;
  readonly now: Date;
}

/**
 * Everything of a snapshot that is approved now.
 * @throws AssayError `limit` when it is more than one ConfigMap holds
 */
export function allowlistOf(document: SnapshotDocument, options: AllowlistOptions): FallbackAllowlist {
  const snapshot = new Snapshot(document);
  const data: Record<string, string> = { 'snapshot-version': String(document.version) };
  const leftOut: { reference: string; why: string }[] = [];
  for (const { refs, endpoint } of document.entries) {
    for (const reference of refs) {
      const answer = snapshot.lookup({ ref: reference, endpoint }, options);
      if (answer.kind !== 'approved') continue;
      const key = celKeyOf(reference);
      if (endpoint !== null) leftOut.push({ reference, why: `it is approved from ${endpoint}` });
      else if (key === undefined) leftOut.push({ reference, why: 'the key of a ConfigMap cannot hold it' });
      else data[key] = answer.entry.remoteCode ? REMOTE_CODE : '';
    }
  }
  for (const { digest } of document.images)
    if (snapshot.allowsImage(digest, options.now)) data[`sha256_c${digest.slice(7)}`] = '';
  checkSize(data);
  return { data, leftOut };
}

function checkSize(data: Readonly<Record<string, string>>): void {
  const entries = Object.entries(data);
  const bytes = entries.reduce((sum, [key, value]) => sum + key.length + value.length, 0);
  if (bytes <= MAX_BYTES) return;
  throw new AssayError('limit', `${entries.length} references are ${bytes} bytes, and a ConfigMap holds ${MAX_BYTES}`, {
    subject: 'assay admit --fallback',
    hint: 'name a stage with fewer approvals (--stage); the webhook itself has no such limit',
  });
}
