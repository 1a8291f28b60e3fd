import type { Decision } from '../../core/assessment/index.ts';
import { type Page, STAGES, type Stage, type Transition } from '../api/index.ts';
import { checkNotBarred, checkVersion } from '../chain-state/index.ts';
import { checkComment, keyOf, nameOf } from '../names.ts';
import { limitOf, seqAfter } from '../paging.ts';
import type { PageRequest, Principal } from '../records.ts';
import { RegistryError } from '../registry-error.ts';
import {
  labelOf,
  newestDecisions,
  openTransition,
  type TransitionRow,
  transitionOfRow,
  transitionRow,
  type VersionRow,
} from '../rows/index.ts';
import { approvalsFor, checkWay, isRuled, nextStep, type RuledStage, uncorrectable } from '../rules/index.ts';
import { type Change, type Context, change, newId, read } from '../store/index.ts';
import { finishTransition } from './finish.ts';
import { closeVersion, endTransition } from './moves.ts';

/** The newest first. */
export async function transitions(
  context: Context,
  by: Principal,
  filter: PageRequest & { readonly version?: string; readonly state?: Transition['state'] } = {},
): Promise<Page<Transition>> {
  return read(context, by, async (db) => {
    const limit = limitOf(filter);
    const after = seqAfter(filter);
    let query = db.selectFrom('transitions').selectAll().where('tenant', '=', by.tenant);
    if (after !== undefined) query = query.where('seq', '<', after);
    if (filter.version !== undefined) query = query.where('version', '=', filter.version);
    if (filter.state !== undefined) query = query.where('state', '=', filter.state);
    const rows = await query
      .orderBy('seq', 'desc')
      .limit(limit + 1)
      .execute();
    const items: Transition[] = [];
    for (const row of rows.slice(0, limit)) items.push(await transitionOfRow(db, row, context.rules, context.now()));
    const last = rows[limit - 1];
    return { items, next: rows.length > limit && last !== undefined ? String(last.seq) : null };
  });
}

export async function transition(context: Context, by: Principal, id: string): Promise<Transition> {
  return read(context, by, async (db) =>
    transitionOfRow(db, await transitionRow(db, by.tenant, id), context.rules, context.now()),
  );
}

/** One that needs nobody's approval ends at once. */
export async function requestTransition(
  context: Context,
  by: Principal,
  id: string,
  to: Stage,
  comment: string,
): Promise<Transition> {
  if (!STAGES.includes(to)) throw new RegistryError('invalid', `${to} is not a stage`);
  checkComment(comment, 'the comment');
  return change(context, by, async (change) => {
    const version = await checkVersion(context, change, id);
    const from = version.stage as Stage;
    if (to !== 'quarantined' || from === 'quarantined') checkWay(from, to);
    const open = await openTransition(change.db, id);
    if (open !== undefined && to !== 'quarantined') {
      throw new RegistryError('conflict', `a request for ${open.to_stage} is already open`, {
        hint: 'withdraw it first, or wait for its end',
      });
    }
    if (isRuled(to) && from !== 'quarantined') await checkNotBarred(context, change, version);
    if (isRuled(to)) await checkCorrectable(context, change, id, to);
    const row = await openRow(change, version, to, comment);
    if (isRuled(to)) {
      const needsNone = approvalsFor(context.rules, from, to).length === 0;
      if (needsNone && !(await isDenied(change, id, to))) await finishTransition(context, change, row, version);
    } else {
      await change.db.updateTable('transitions').set({ state: 'approved' }).where('id', '=', row.id).execute();
      await closeVersion(context, change, version, to, comment);
    }
    const now = await transitionRow(change.db, change.tenant, row.id);
    return transitionOfRow(change.db, now, context.rules, change.now);
  });
}

/** The requester withdraws it; an administrator may, too. */
export async function withdraw(context: Context, by: Principal, id: string): Promise<Transition> {
  return change(context, by, async (change) => {
    const row = await transitionRow(change.db, change.tenant, id);
    checkOpen(row);
    if (row.requester_key !== keyOf(by) && !by.roles.includes('admin')) {
      throw new RegistryError('forbidden', 'only the requester or an admin can withdraw it');
    }
    const version = await checkVersion(context, change, row.version);
    await endTransition(change, row, version, 'withdrawn', 'the transition was withdrawn');
    return transitionOfRow(change.db, { ...row, state: 'withdrawn' }, context.rules, change.now);
  });
}

/** @throws RegistryError `ended` */
export function checkOpen({ state }: TransitionRow): void {
  if (state !== 'open') throw new RegistryError('ended', `the transition is ${state}`);
}

/** @throws RegistryError `denied` when the policy of a stage denies what no approval could correct. */
export async function checkCorrectable(
  { rules }: Context,
  { db }: Change,
  version: string,
  to: RuledStage,
): Promise<void> {
  const row = (await newestDecisions(db, version)).get(to);
  if (row === undefined) throw new RegistryError('internal', `there is no decision for ${to}`);
  const denied = uncorrectable(JSON.parse(row.body) as Decision, rules[to].policy);
  if (denied === undefined) return;
  throw new RegistryError('denied', `the policy for ${to} denies it: ${denied.rule}: ${denied.message}`, {
    hint: nextStep(denied.rule),
  });
}

/** By a policy that asks for approvals of its own. */
async function isDenied({ db }: Change, version: string, to: RuledStage): Promise<boolean> {
  return (await newestDecisions(db, version)).get(to)?.action === 'deny';
}

async function openRow(change: Change, version: VersionRow, to: Stage, comment: string): Promise<TransitionRow> {
  const { by, at, tenant } = change;
  // One that closes a version may stand beside an open one, which it ends.
  const state = isRuled(to) ? 'open' : 'approved';
  const row = {
    id: newId(),
    tenant,
    seq: change.next(),
    version: version.id,
    from_stage: version.stage,
    to_stage: to,
    state,
    requester_key: keyOf(by),
    requested_by: nameOf(by),
    comment,
    at,
  };
  await change.db.insertInto('transitions').values(row).execute();
  change.record('transition.requested', labelOf(version), { transition: row.id, from: version.stage, to, comment });
  return row;
}
