import { type CurrentDecision, combinedDecision } from '../../registry/index.ts';
import type { HandOutStage } from '../config.ts';

/** Whether bytes may be handed out, by what is known of them. */
export type JudgedCommit =
  | { readonly kind: 'allowed'; readonly answer: CurrentDecision }
  | { readonly kind: 'refused'; readonly answer: CurrentDecision; readonly why: string }
  | { readonly kind: 'unknown' };

/** @param answers one for each name of the bytes, each with what bars them by any other */
export function judgeCommit(answers: readonly CurrentDecision[], stage: HandOutStage): JudgedCommit {
  const combined = combinedDecision(answers);
  if (combined === undefined) return { kind: 'unknown' };
  // A quarantine of one of them applies to the bytes.
  const closed = answers.find((answer) => answer.stage === 'quarantined');
  const running = closed === undefined ? answers.find((one) => mayRunAt(one, stage)) : undefined;
  // Candidates have nobody's approval: what any name is denied for counts.
  if (running !== undefined && (stage !== 'candidate' || combined.action !== 'deny')) {
    return { kind: 'allowed', answer: running };
  }
  const answer = closed ?? combined;
  return { kind: 'refused', answer, why: answer.reason || `it is at the stage ${answer.stage}, and is not approved` };
}

function mayRunAt({ stage: stands, action, approvedFor }: CurrentDecision, stage: HandOutStage): boolean {
  if (stage !== 'candidate') return approvedFor.includes(stage);
  return action !== 'deny' && (stands === 'candidate' || approvedFor.length > 0);
}
