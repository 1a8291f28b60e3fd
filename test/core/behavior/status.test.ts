import { expect, it } from 'vitest';
import { statusOfTests } from '../../../src/core/behavior/status.ts';
import { INPUTS } from '../../integrity/attestations/samples.ts';

type Test = (typeof INPUTS.tests.report.tests)[number];

const [PASSES] = INPUTS.tests.report.tests as [Test];
const [ASKED] = PASSES.measures as [Test['measures'][number]];
const NOTHING_ASKED = { ...ASKED, min: null, pass: null };

function test(status: Test['status'], ...measures: Test['measures'][number][]): Test {
  return { ...PASSES, status, measures };
}

it.each<[string, readonly Test[], Test['status']]>([
  ['no test', [], 'not-assessed'],
  ['a test that passes', [PASSES], 'pass'],
  ['a failure among others', [PASSES, test('fail', ASKED), test('error')], 'fail'],
  ['an error', [PASSES, test('error')], 'error'],
  ['a test of which nothing is asked, beside one that passes', [PASSES, test('not-assessed', NOTHING_ASKED)], 'pass'],
  ['nothing that is asked', [test('not-assessed', NOTHING_ASKED)], 'not-assessed'],
  ['a test that was not run', [PASSES, test('not-assessed')], 'not-assessed'],
  [
    'a bound without what it is compared with',
    [PASSES, test('not-assessed', { ...ASKED, pass: null })],
    'not-assessed',
  ],
  // An attack that sees no gradient measures the rows that stand, and proves nothing.
  ['a bound that holds for a test that cannot tell', [PASSES, test('not-assessed', ASKED)], 'not-assessed'],
])('%s', (_, tests, status) => {
  expect(statusOfTests(tests)).toBe(status);
});
