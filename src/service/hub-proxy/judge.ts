import type { CurrentDecision } from '../../registry/index.ts';
import type { HandOutStage } from '../config.ts';

/** Whether bytes may be handed out, by what is known of them. */
export type JudgedCommit =
  | { readonly kind: 'allowed'; readonly answer: CurrentDecision }
  | { readonly kind: 'refused'; readonly answer: CurrentDecision; readonly why: string }
  | { readonly kind: 'unknown' };

/** @param answers one for each model that the bytes stand under */
export function judgeCommit(answers: readonly CurrentDecision[], stage: HandOutStage): JudgedCommit {
  // A quarantine of one of them applies to the bytes.
  const closed = answers.find((answer) => answer.stage === 'quarantined');
  const answer = closed ?? answers.find((one) => mayRunAt(one, stage)) ?? answers[0];
  if (answer === undefined) return { kind: 'unknown' };
  if (closed === undefined && mayRunAt(answer, stage)) return { kind: 'allowed', answer };
  return { kind: 'refused', answer, why: answer.reason || `it is at the stage ${answer.stage}, and is not approved` };
}

function mayRunAt({ stage: stands, action, approvedFor }: CurrentDecision, stage: HandOutStage): boolean {
  if (stage !== 'candidate') return approvedFor.includes(stage);
  return action !== 'deny' && (stands === 'candidate' || approvedFor.length > 0);
}
