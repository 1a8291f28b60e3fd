import type { ApprovalRecord } from '../api/index.ts';
import { checkVersion } from '../chain-state/index.ts';
import { decideVersion } from '../decisions/index.ts';
import { checkComment } from '../names.ts';
import type { Principal } from '../records.ts';
import { RegistryError } from '../registry-error.ts';
import { approvalOfRow, approvalRows, labelOf, newestAssessment, versionRow } from '../rows/index.ts';
import { type Context, change, read } from '../store/index.ts';

/** The oldest first. */
export async function approvals(context: Context, by: Principal, version: string): Promise<ApprovalRecord[]> {
  return read(context, by, async (db) => {
    await versionRow(db, by.tenant, version);
    return (await approvalRows(db, version)).map(approvalOfRow);
  });
}

/** From now on, the webhook and the Hub proxy deny artifacts that depend on it. The version keeps its stage. */
export async function revoke(context: Context, by: Principal, id: string, reason: string): Promise<ApprovalRecord> {
  checkComment(reason, 'the reason');
  if (reason.trim() === '') throw new RegistryError('invalid', 'no reason is given', { hint: 'give a reason' });
  return change(context, by, async (change) => {
    const { db, tenant } = change;
    const approval = await db
      .selectFrom('approvals')
      .selectAll()
      .where('id', '=', id)
      .where('tenant', '=', tenant)
      .executeTakeFirst();
    if (approval === undefined) throw new RegistryError('not-found', 'the approval does not exist');
    if (approval.state === 'revoked' || approval.state === 'void') {
      throw new RegistryError('ended', `the approval is ${approval.state} already`);
    }
    const version = await checkVersion(context, change, approval.version);
    const revoked = { ...approval, state: 'revoked', why: `revoked: ${reason}` };
    await db.updateTable('approvals').set({ state: revoked.state, why: revoked.why }).where('id', '=', id).execute();
    change.record('approval.revoked', labelOf(version), { approval: id, stage: approval.stage, reason });
    await decideVersion(context, change, version, await newestAssessment(db, version.id));
    return approvalOfRow(revoked);
  });
}
