import { pinnedReference } from '../../../src/snapshot/index.ts';
import type { Decisions } from './decisions.ts';

/** Where no snapshot was ever believed: nothing is approved, and what is not pinned can still be told. */
export const NO_DECISIONS: Decisions = {
  lookup: (query) => {
    if ('digest' in query) return { kind: 'unlisted' };
    const pinned = pinnedReference(query.ref);
    return pinned.kind === 'pinned' ? { kind: 'unlisted' } : pinned;
  },
  latestApproved: () => ({ kind: 'none' }),
  allowsImage: () => false,
  sealsImage: () => false,
  imageFacts: () => undefined,
};
