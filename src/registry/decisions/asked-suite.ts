import type { RequiredSuite } from '../../core/behavior/index.ts';
import { type ApprovalRow, suiteIn, suiteText, type VersionRow } from '../rows/index.ts';
import { type Change, compiledOnce } from '../store/index.ts';
import { voidApproval } from './carry-over.ts';

const knownSuite = compiledOnce({ tenant: 'text', model: 'text' }, (db, { tenant, model }) =>
  db.selectFrom('asked_suites').select('suite').where('tenant', '=', tenant).where('model', '=', model),
);

/** Tells in the audit log when another suite is asked of a model than at its last decision, or none any more. */
export async function noteSuite(change: Change, model: string, suite: RequiredSuite | null): Promise<void> {
  const { db, tenant } = change;
  const [known = { suite: '' }] = await knownSuite(db, { tenant, model });
  const text = suiteText(suite);
  if (known.suite === text) return;
  if (suite === null) {
    await db.deleteFrom('asked_suites').where('tenant', '=', tenant).where('model', '=', model).execute();
  } else {
    await db
      .insertInto('asked_suites')
      .values({ tenant, model, suite: text })
      .onConflict((conflict) => conflict.columns(['tenant', 'model']).doUpdateSet({ suite: text }))
      .execute();
  }
  change.record('suite.changed', model, { from: suiteIn(known), to: suite });
}

/** The suite of a version's last decision, and the one that is asked of its model now. */
export interface SuiteChange {
  readonly last: RequiredSuite | null;
  readonly now: RequiredSuite | null;
}

/**
 * Voids the approvals that relied on another suite: on the one that their approvers saw, or else on the one that was asked for until now.
 * A suite that is asked for where none was asks for more, and takes nothing from an approval.
 * @returns the approvals that are left
 */
export async function voidOtherSuite(
  change: Change,
  version: VersionRow,
  live: readonly ApprovalRow[],
  { last, now }: SuiteChange,
): Promise<readonly ApprovalRow[]> {
  const left: ApprovalRow[] = [];
  for (const approval of live) {
    const why = whyVoid(suiteIn(approval) ?? last, now);
    if (why === undefined) left.push(approval);
    else await voidApproval(change, approval, version, why);
  }
  return left;
}

function whyVoid(before: RequiredSuite | null, now: RequiredSuite | null): string | undefined {
  if (before === null || before.digest === now?.digest) return undefined;
  const asked = `it relied on the suite ${before.name} (${before.digest}), which was asked of the model`;
  return now === null ? `${asked}, and none is any more` : `${asked}, and now it is ${now.name} (${now.digest})`;
}
