import type { PayloadSigner } from '../integrity/sign/index.ts';
import { SNAPSHOT_PAYLOAD, type SnapshotDocument } from './document.ts';
import { writeEnvelope } from './envelope.ts';
import { SNAPSHOT_LIMITS } from './limits.ts';
import { readSnapshotDocument } from './read-document.ts';
import { canonicalEndpoint, pinnedReference } from './reference-key.ts';
import { SnapshotError } from './snapshot-error.ts';

/**
 * The bytes of a snapshot, to be signed. Content that a reader would refuse or never find is not written.
 * @throws SnapshotError `malformed`, `limit`
 */
export function createSnapshot(document: SnapshotDocument): Buffer {
  const checked = readSnapshotDocument(document);
  for (const { refs, endpoint } of checked.entries) {
    if (canonicalEndpoint(endpoint) !== endpoint) throw foreign(endpoint ?? '');
    for (const ref of refs) {
      const pinned = pinnedReference(ref);
      if (pinned.kind !== 'pinned' || pinned.ref !== ref) throw foreign(ref);
    }
  }
  return Buffer.from(JSON.stringify(checked));
}

/**
 * Signs a snapshot with a key of its own and returns the file to publish: a Sigstore bundle, one line.
 * @throws SnapshotError `malformed`, `limit`; what the signer throws
 */
export async function signSnapshot(document: SnapshotDocument, signer: PayloadSigner): Promise<Buffer> {
  const bytes = writeEnvelope(await signer.sign(SNAPSHOT_PAYLOAD, createSnapshot(document)));
  if (bytes.length <= SNAPSHOT_LIMITS.maxBytes) return bytes;
  throw new SnapshotError('limit', `the snapshot would have more than ${SNAPSHOT_LIMITS.maxBytes} bytes`);
}

function foreign(text: string): SnapshotError {
  return new SnapshotError('malformed', `${JSON.stringify(text)} is not a pinned reference in its canonical spelling`);
}
