import type { Decisions } from './decisions.ts';

/** Whether an image is pinned, and may run: it is allowed by its digest, or approved as a model is. */
export function isAllowedImage(
  { reference, pinned }: { readonly reference: string; readonly pinned: boolean },
  { decisions, stage, now }: { readonly decisions: Decisions; readonly stage: string | null; readonly now: Date },
): boolean {
  const digest = /@(sha256:[0-9a-f]{64})$/.exec(reference)?.[1];
  if (digest === undefined || !pinned) return false;
  const answer = decisions.lookup({ ref: reference }, stage === null ? { now } : { now, stage });
  if (answer.kind === 'denied') return false;
  return answer.kind === 'approved' || decisions.allowsImage(digest, now);
}
