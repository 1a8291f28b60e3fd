import type { Assessment } from '../../core/assessment/index.ts';
import type { RequiredSuite } from '../../core/behavior/index.ts';
import { testedBy } from '../decisions/index.ts';
import type { Believer } from './believe.ts';
import type { Refused } from './held-waivers.ts';
import type { History } from './history.ts';

/** A signed run of tests as the registry has it. */
export interface StoredRun {
  readonly id: string;
  readonly attestation: string;
}

export interface TestedAssessment {
  readonly assessment: Assessment;
  readonly refused: readonly Refused[];
}

/**
 * The assessment with the runs that are valid by signature and log, independent of their database rows. A failed run that the log
 * records and the database does not hold any more denies: else who writes to the database could remove it.
 * @param label of the version
 */
export async function testedByHeldRuns(
  assessment: Assessment,
  stored: readonly StoredRun[],
  label: string,
  suite: RequiredSuite | null,
  { believer, history, now }: { readonly believer: Believer; readonly history: History; readonly now: Date },
): Promise<TestedAssessment> {
  const told = history.runs(label);
  const held = new Map<string, Parameters<typeof testedBy>[1][number]>();
  const refused: Refused[] = [];
  for (const { id, attestation } of stored) {
    const believed = await believer.believeTests(attestation, now);
    if (typeof believed === 'string') refused.push({ id, why: believed });
    else {
      const known = told.get(believed.statement);
      if (known === undefined) refused.push({ id, why: 'the audit log does not record it' });
      else if (known.isRevoked) refused.push({ id, why: 'the audit log records its revocation' });
      else held.set(believed.statement, believed.tests);
    }
  }
  const tested = testedBy(assessment, [...held.values()], suite);
  const lost = [...told].some(([statement, run]) => !run.isRevoked && isAgainst(run, suite) && !held.has(statement));
  if (!lost) return { assessment: tested, refused };
  const detail = 'a run of tests that failed, which the audit log records, is not to be had any more';
  return {
    assessment: { ...tested, checks: [...tested.checks, { id: 'tests.passed', status: 'error', detail }] },
    refused,
  };
}

function isAgainst(
  { status, suite }: { readonly status: string; readonly suite: string },
  asked: RequiredSuite | null,
) {
  return (status === 'fail' || status === 'error') && (asked === null || asked.digest === suite);
}
