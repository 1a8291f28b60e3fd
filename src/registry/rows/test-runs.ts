import type { Selectable } from 'kysely';
import type { AttestedTests, RequiredSuite } from '../../core/behavior/index.ts';
import type { ApprovalMethod, TestRun } from '../api/index.ts';
import { compiledOnce, type Reader, type Tables } from '../store/index.ts';

export type TestRunRow = Selectable<Tables['test_runs']>;

const parsed = new WeakMap<TestRunRow, AttestedTests>();

/** What decisions use of a run, read once. */
export function testsIn(row: TestRunRow): AttestedTests {
  const known = parsed.get(row) ?? (JSON.parse(row.body) as AttestedTests);
  parsed.set(row, known);
  return known;
}

/** @param asked the suite that is asked of the model now */
export function testRunOfRow(row: TestRunRow, asked: RequiredSuite | null): TestRun {
  const { at: ranAt, baseline, data, device, model, status, suite, tests, tool } = testsIn(row);
  const digest = `sha256:${suite.sha256}`;
  const isOther = asked !== null && asked.digest !== digest;
  return {
    id: row.id,
    version: row.version,
    digest: row.digest,
    statement: row.statement,
    state: row.revoked_at !== null ? 'revoked' : isOther ? 'other-suite' : 'counts',
    suite: { name: suite.name, digest },
    status,
    failed: tests.filter((test) => test.status === 'fail' || test.status === 'error').map(({ id }) => id),
    model,
    data,
    baseline: baseline?.sha256 ?? null,
    device: device?.device ?? null,
    tool,
    signer: row.signer,
    method: row.method as ApprovalMethod,
    ranAt,
    at: row.at,
    createdBy: row.created_by,
    revokedAt: row.revoked_at,
    why: row.why,
  };
}

const runsLike = compiledOnce({ version: 'text' }, (db, { version }) =>
  db.selectFrom('test_runs').selectAll().where('version', '=', version).orderBy('seq'),
);

/** All runs of a version, the oldest first; also those that were revoked. */
export async function testRunRows(db: Reader, version: string): Promise<TestRunRow[]> {
  return runsLike(db, { version });
}
