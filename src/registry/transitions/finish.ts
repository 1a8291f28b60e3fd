import type { Stage } from '../api/index.ts';
import { voidApproval } from '../decisions/index.ts';
import { approvalRows, labelOf, type TransitionRow, type VersionRow } from '../rows/index.ts';
import type { Change, Context } from '../store/index.ts';
import { moveVersion } from './moves.ts';

/** Completes a transition: its approvals replace earlier ones for the stage, and the version moves. */
export async function finishTransition(
  context: Context,
  change: Change,
  { id, to_stage }: TransitionRow,
  version: VersionRow,
): Promise<void> {
  await change.db.updateTable('transitions').set({ state: 'approved' }).where('id', '=', id).execute();
  change.record('transition.approved', labelOf(version), { transition: id, to: to_stage });
  for (const approval of await approvalRows(change.db, version.id)) {
    const isEarlier = approval.stage === to_stage && approval.transition !== id;
    const holds = approval.state === 'valid' || approval.state === 'carried';
    if (isEarlier && holds) await voidApproval(change, approval, version, 'newer approvals replaced it');
  }
  await moveVersion(context, change, version, to_stage as Stage, '');
}
