import type { Asked, LatestAnswer } from '../../../src/snapshot/index.ts';
import type { WorkloadReference } from '../../../src/workload/index.ts';
import { plain } from '../decide/index.ts';
import type { SnapshotIndex } from '../state.ts';

/** A reference that may move, and the approved version that is meant by it. */
export interface Pin {
  readonly found: WorkloadReference;
  /** Pinned, in its canonical spelling. */
  readonly reference: string;
}

export type PinAnswer =
  | { readonly kind: 'pin'; readonly pin: Pin }
  /** Nothing to pin: it is pinned, or nothing of it is approved, which is told elsewhere. */
  | { readonly kind: 'none' }
  | { readonly kind: 'unsure'; readonly why: string };

/** Names that mean the newest, whatever that is. Any other says which version is wanted. */
const NEWEST: ReadonlySet<string> = new Set(['main', 'latest']);

/**
 * Says which approved version a reference means. Without a revision, for `main` and for `latest` it is the newest that is approved for
 * the stage, by its number in the registry. Any other branch or tag says which version is wanted, and it cannot be told here which
 * that is: it is pinned only where there is one approved version to choose from.
 */
export class Pinner {
  readonly #index: Pick<SnapshotIndex, 'latestApproved'>;
  readonly #asked: Asked;
  /** An object may name one repository a thousand times, and that may have thousands of versions. */
  readonly #known = new Map<string, LatestAnswer>();

  constructor(index: Pick<SnapshotIndex, 'latestApproved'>, asked: Asked) {
    this.#index = index;
    this.#asked = asked;
  }

  pinOf(found: WorkloadReference): PinAnswer {
    if (found.pinned || found.role === 'image' || !/^(?:hf|oci):/.test(found.reference)) return { kind: 'none' };
    const { revision } = found;
    const answer = this.#latest(found);
    if (answer.kind === 'none') return { kind: 'none' };
    if (answer.kind === 'ambiguous') {
      const models = plain(answer.models.slice(0, 3).join(', '), 100);
      return { kind: 'unsure', why: `approved versions there belong to several models (${models})` };
    }
    if (revision !== null && !NEWEST.has(revision) && answer.of > 1) {
      const why = `${answer.of} versions are approved there, so the meaning of ${plain(revision, 60)} is ambiguous`;
      return { kind: 'unsure', why };
    }
    return { kind: 'pin', pin: { found, reference: answer.ref } };
  }

  #latest({ reference, endpoint }: WorkloadReference): LatestAnswer {
    const repository = reference.replace(reference.startsWith('hf:') ? /@.*$/s : /[:@][^/]*$/, '');
    const key = `${endpoint ?? ''} ${repository}`;
    const known = this.#known.get(key) ?? this.#index.latestApproved({ ref: repository, endpoint }, this.#asked);
    this.#known.set(key, known);
    return known;
  }
}

/** The commit or the digest of a pinned reference. */
export function revisionOf(reference: string): string {
  return reference.slice(reference.indexOf('@') + 1);
}
