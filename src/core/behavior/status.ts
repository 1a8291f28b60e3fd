import type { Measure, ModelTest, TestReport } from './schema.ts';

/** A measure of which something is asked that cannot be told. */
export function untoldMeasure(measures: readonly Measure[]): Measure | undefined {
  return measures.find((measure) => measure.pass === null && isAsked(measure));
}

function isAsked({ min, max, drop, rise }: Measure): boolean {
  return [min, max, drop, rise].some((bound) => bound !== null);
}

/**
 * The status of several tests. Tests that ask for nothing prove nothing, and neither do tests among which one cannot tell what is asked
 * of it.
 */
export function statusOfTests(tests: readonly ModelTest[]): TestReport['status'] {
  const statuses = new Set(tests.map(({ status }) => status));
  if (statuses.has('fail')) return 'fail';
  if (statuses.has('error')) return 'error';
  return statuses.has('pass') && !tests.some(isOpen) ? 'pass' : 'not-assessed';
}

/** Whether a test was to tell something, and did not. */
function isOpen({ status, measures }: ModelTest): boolean {
  return status === 'not-assessed' && (measures.length === 0 || measures.some(isAsked));
}
