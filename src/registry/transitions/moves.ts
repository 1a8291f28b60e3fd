import type { Stage, TransitionState, Version } from '../api/index.ts';
import { checkVersion, faultIn } from '../chain-state/index.ts';
import { storeAnswer, voidApproval } from '../decisions/index.ts';
import { checkComment } from '../names.ts';
import type { Principal } from '../records.ts';
import { RegistryError } from '../registry-error.ts';
import {
  approvalRows,
  labelOf,
  newestDecisions,
  openTransition,
  type TransitionRow,
  type VersionRow,
  versionOfRow,
  versionRow,
} from '../rows/index.ts';
import { checkWay } from '../rules/index.ts';
import { type Change, type Context, change } from '../store/index.ts';

/** Quarantines a version, at any stage: its approvals are void, and the webhook and the Hub proxy deny it. */
export async function quarantine(context: Context, by: Principal, id: string, reason: string): Promise<Version> {
  checkReason(reason);
  return change(context, by, async (change) => {
    const row = await versionRow(change.db, change.tenant, id);
    const fault = await faultIn(context, change, row);
    if (row.stage === 'quarantined') throw new RegistryError('conflict', 'the version is quarantined already');
    // What was tampered with is closed like any other, and stays as it is for those who find out: nothing of it is covered again.
    if (fault !== undefined) change.record('version.fault', labelOf(row), { fault });
    return closeVersion(context, change, row, 'quarantined', reason);
  });
}

/** The end of a version that was in production. */
export async function retire(context: Context, by: Principal, id: string, reason: string): Promise<Version> {
  checkReason(reason);
  return change(context, by, async (change) => {
    const row = await checkVersion(context, change, id);
    checkWay(row.stage as Stage, 'retired');
    return closeVersion(context, change, row, 'retired', reason);
  });
}

export async function closeVersion(
  context: Context,
  change: Change,
  row: VersionRow,
  to: 'quarantined' | 'retired',
  reason: string,
): Promise<Version> {
  const open = await openTransition(change.db, row.id);
  if (open !== undefined) await endTransition(change, open, row, 'void', `the version is ${to}`);
  for (const approval of await approvalRows(change.db, row.id)) {
    const holds = approval.state === 'valid' || approval.state === 'carried';
    if (holds) await voidApproval(change, approval, row, `the version is ${to}`);
  }
  return versionOfRow(change.db, await moveVersion(context, change, row, to, reason));
}

/** Moves a version to a stage, and brings the current decision up to date. */
export async function moveVersion(
  context: Context,
  change: Change,
  row: VersionRow,
  to: Stage,
  reason: string,
): Promise<VersionRow> {
  const moved = { ...row, stage: to, stage_reason: reason };
  await change.db.updateTable('versions').set({ stage: to, stage_reason: reason }).where('id', '=', row.id).execute();
  const action = to === 'quarantined' || to === 'retired' ? `version.${to}` : 'version.moved';
  change.record(action, labelOf(row), { from: row.stage, to, ...(reason === '' ? {} : { reason }) });
  await storeAnswer(context, change, moved, await newestDecisions(change.db, row.id));
  return moved;
}

/** Ends an open transition without moving anything: approvals that were given for it are void. */
export async function endTransition(
  change: Change,
  { id, to_stage }: TransitionRow,
  version: VersionRow,
  state: Exclude<TransitionState, 'open' | 'approved'>,
  why: string,
): Promise<void> {
  await change.db.updateTable('transitions').set({ state }).where('id', '=', id).execute();
  change.record(`transition.${state}`, labelOf(version), { transition: id, to: to_stage, why });
  for (const approval of await approvalRows(change.db, version.id)) {
    const holds = approval.state === 'valid' || approval.state === 'carried';
    if (approval.transition === id && holds) await voidApproval(change, approval, version, why);
  }
}

function checkReason(reason: string): void {
  checkComment(reason, 'the reason');
  if (reason.trim() === '') throw new RegistryError('invalid', 'no reason is given', { hint: 'give a reason' });
}
