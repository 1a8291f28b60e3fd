import type { Assessment, Check } from '../../core/assessment/index.ts';
import type { AttestedTests, RequiredSuite } from '../../core/behavior/index.ts';
import { withTests } from '../../policy/tests/index.ts';
import { type TestRunRow, testsIn } from '../rows/index.ts';

/**
 * An assessment with the runs of tests that the registry keeps. What it says itself of tests counts against the model alone: only the
 * registry verified who signed them.
 */
export function testedBy(
  assessment: Assessment,
  runs: readonly AttestedTests[],
  suite: RequiredSuite | null,
): Assessment {
  const { tests: _, ...untested } = assessment;
  const checks = untested.checks.filter(
    (check) => !isOfTests(check) || check.status === 'fail' || check.status === 'error',
  );
  return withTests({ ...untested, checks }, runs, suite);
}

/** The runs that nobody revoked. */
export function standingRuns(rows: readonly TestRunRow[]): readonly AttestedTests[] {
  return rows.filter(({ revoked_at }) => revoked_at === null).map(testsIn);
}

function isOfTests({ id }: Check): boolean {
  return id.startsWith('tests.') || id.startsWith('behavior.');
}
