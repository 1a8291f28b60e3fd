import type { Selectable } from 'kysely';
import type { Role, Stage, Transition, TransitionState, Vote } from '../api/index.ts';
import type { RegistryRules } from '../registry.ts';
import { RegistryError } from '../registry-error.ts';
import { isRuled, rulesFor } from '../rules/index.ts';
import type { Reader, Tables } from '../store/index.ts';
import { approvalRows, isAccepted, isLive, stillNeeded } from './approvals.ts';

export type TransitionRow = Selectable<Tables['transitions']>;
export type VoteRow = Selectable<Tables['votes']>;

/** @throws RegistryError `not-found`, also for a transition of another tenant */
export async function transitionRow(db: Reader, tenant: string, id: string): Promise<TransitionRow> {
  const row = await db
    .selectFrom('transitions')
    .selectAll()
    .where('id', '=', id)
    .where('tenant', '=', tenant)
    .executeTakeFirst();
  if (row === undefined) throw new RegistryError('not-found', 'the transition does not exist');
  return row;
}

export async function openTransition(db: Reader, version: string): Promise<TransitionRow | undefined> {
  return db
    .selectFrom('transitions')
    .selectAll()
    .where('version', '=', version)
    .where('state', '=', 'open')
    .executeTakeFirst();
}

export async function votesOf(db: Reader, transition: string): Promise<VoteRow[]> {
  return db.selectFrom('votes').selectAll().where('transition', '=', transition).orderBy('seq').execute();
}

export async function transitionOfRow(
  db: Reader,
  row: TransitionRow,
  rules: RegistryRules,
  now: Date,
): Promise<Transition> {
  const votes = await votesOf(db, row.id);
  return {
    id: row.id,
    version: row.version,
    from: row.from_stage as Stage,
    to: row.to_stage as Stage,
    state: row.state as TransitionState,
    requestedBy: row.requested_by,
    comment: row.comment,
    at: row.at,
    votes: votes.map(voteOfRow),
    needed: row.state === 'open' ? await neededBy(db, row, rules, now) : [],
  };
}

/**
 * The approvals that an open transition still needs: revoked and expired approvals, and those by a method that is no longer
 * accepted, do not count.
 */
export async function neededBy(
  db: Reader,
  { id, version, from_stage, to_stage }: TransitionRow,
  rules: RegistryRules,
  now: Date,
): Promise<Transition['needed']> {
  const [from, to] = [from_stage as Stage, to_stage as Stage];
  if (!isRuled(to)) return [];
  const ruled = rulesFor(rules, from, to);
  const given = (await approvalRows(db, version)).filter(
    (approval) => approval.transition === id && isLive(approval, now) && isAccepted(approval, ruled),
  );
  return stillNeeded(ruled.approvals, given);
}

function voteOfRow(row: VoteRow): Vote {
  return {
    by: row.voted_by,
    role: row.role as Role,
    vote: row.vote as Vote['vote'],
    comment: row.comment,
    at: row.at,
    approval: row.approval,
  };
}
