import type { ImageApproval } from '../../../src/workload/posture/index.ts';
import type { Decisions } from './decisions.ts';

interface Asking {
  readonly decisions: Decisions;
  readonly stage: string | null;
  readonly now: Date;
}

/**
 * How an image is approved: by its digest, or as a model is.
 * @returns `undefined` for one that is not pinned, not approved, or denied
 */
export function approvalOfImage(reference: string, { decisions, stage, now }: Asking): ImageApproval | undefined {
  const digest = /@(sha256:[0-9a-f]{64})$/.exec(reference)?.[1];
  if (digest === undefined) return undefined;
  const answer = decisions.lookup({ ref: reference }, stage === null ? { now } : { now, stage });
  if (answer.kind === 'denied') return undefined;
  const facts = decisions.imageFacts(digest);
  const known = facts === undefined ? {} : { facts };
  if (decisions.sealsImage(digest, now)) return { as: 'sealed', ...known };
  if (decisions.allowsImage(digest, now)) return { as: 'program', ...known };
  return answer.kind === 'approved' ? { as: 'program' } : undefined;
}
