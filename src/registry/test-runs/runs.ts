import type { TestRun, VersionTests } from '../api/index.ts';
import { checkVersion } from '../chain-state/index.ts';
import { standingRuns, testedBy } from '../decisions/index.ts';
import { checkComment } from '../names.ts';
import type { Principal } from '../records.ts';
import { RegistryError } from '../registry-error.ts';
import { labelOf, newestAssessment, testRunOfRow, testRunRows, versionRow } from '../rows/index.ts';
import { verifyTests } from '../statements/index.ts';
import { type Context, change, read } from '../store/index.ts';
import { decideAgain, keepRun } from './keep.ts';

const PASSED = 'tests.passed';

/** The suite that is asked of a version, its runs, and whether they fulfil what is asked. */
export async function versionTests(context: Context, by: Principal, id: string): Promise<VersionTests> {
  return read(context, by, async (db) => {
    const version = await versionRow(db, by.tenant, id);
    const suite = context.rules.suites.get(version.model) ?? null;
    const rows = await testRunRows(db, id);
    const { assessment } = await newestAssessment(db, id);
    const { checks } = testedBy(assessment, standingRuns(rows), suite);
    const told = checks.filter((check) => check.id === PASSED);
    const check = told.find(({ status }) => status !== 'pass') ?? told[0] ?? null;
    return { suite, check, items: rows.reverse().map((row) => testRunOfRow(row, suite)) };
  });
}

/** The attestations of the runs of a version, by the id of the run; not of those that were revoked. */
export async function testAttestations(
  context: Context,
  by: Principal,
  id: string,
): Promise<readonly { readonly id: string; readonly attestation: string }[]> {
  return read(context, by, async (db) => {
    await versionRow(db, by.tenant, id);
    const rows = await testRunRows(db, id);
    return rows
      .filter(({ revoked_at }) => revoked_at === null)
      .map(({ id: run, attestation }) => ({ id: run, attestation }));
  });
}

/** Adds tests that a trusted signer attests. */
export async function addTestRun(context: Context, by: Principal, id: string, attestation: string): Promise<TestRun> {
  // Another tenant learns nothing of the version, not even whom this registry trusts.
  await read(context, by, (db) => versionRow(db, by.tenant, id));
  const signed = await verifyTests(context, attestation, context.now());
  return change(context, by, async (change) => {
    const version = await checkVersion(context, change, id);
    const row = await keepRun(context, change, version, signed);
    return testRunOfRow(row, context.rules.suites.get(version.model) ?? null);
  });
}

/** From then on the run counts no more, neither for nor against its version; it stays, and is told of. */
export async function revokeTestRun(context: Context, by: Principal, id: string, reason: string): Promise<TestRun> {
  checkComment(reason, 'the reason');
  if (reason.trim() === '') throw new RegistryError('invalid', 'no reason is given', { hint: 'give a reason' });
  return change(context, by, async (change) => {
    const { db, tenant, at } = change;
    const row = await db
      .selectFrom('test_runs')
      .selectAll()
      .where('id', '=', id)
      .where('tenant', '=', tenant)
      .executeTakeFirst();
    if (row === undefined) throw new RegistryError('not-found', 'the run does not exist');
    if (row.revoked_at !== null) throw new RegistryError('ended', 'the run was revoked already');
    const version = await checkVersion(context, change, row.version);
    await db.updateTable('test_runs').set({ revoked_at: at, why: reason }).where('id', '=', id).execute();
    change.record('tests.revoked', labelOf(version), { run: id, statement: row.statement, reason });
    await decideAgain(context, change, version, await newestAssessment(db, version.id));
    return testRunOfRow({ ...row, revoked_at: at, why: reason }, context.rules.suites.get(version.model) ?? null);
  });
}
