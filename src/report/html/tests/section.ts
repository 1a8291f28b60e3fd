import type { AttestedTests } from '../../../core/behavior/index.ts';
import { count } from '../../style.ts';
import { type Html, html } from '../html.ts';
import { capped, chip, facts, type Section, told } from '../parts.ts';
import type { Review } from '../review.ts';
import { CHECK_STATUSES } from '../words.ts';
import { testFacts, testsBlock } from './tests.ts';

/** Runs of tests that are shown. */
const MAX_RUNS = 20;

/** What attested tests measured; nothing for an artifact that nobody gave tests of. */
export function testsSections({ assessment: { tests = [] } }: Review): readonly Section[] {
  if (tests.length === 0) return [];
  const [shown, rest] = capped(
    tests,
    MAX_RUNS,
    (left) => `${count(left, 'more run')} of tests: the attestations have them.`,
  );
  const body = html`<p>These tests ran on files of this artifact, as trusted signers attest. They show what they measure, on the rows that they
were given: a backdoor whose trigger is in none of them passes.</p>
${shown.map(runOf)}${rest}`;
  return [{ id: 'tests', title: 'Tests of behaviour', body }];
}

function runOf(run: AttestedTests): Html {
  const signed = facts([
    ['Attested by', told(run.signer)],
    ['Tested at', run.at],
    ['Result', chip(CHECK_STATUSES[run.status])],
  ]);
  return html`${signed}${testFacts(run)}${testsBlock(run.tests)}`;
}
