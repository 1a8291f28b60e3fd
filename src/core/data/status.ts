import type { DataCheck, DataReport } from './schema.ts';

/**
 * The status of several data checks: checks for review never fail the data. Data of which nothing could be told is not assessed.
 */
export function statusOfData(checks: readonly Pick<DataCheck, 'weight' | 'status'>[]): DataReport['status'] {
  const statuses = new Set(
    checks.flatMap(({ weight, status }) => (weight === 'review' && status !== 'error' ? [] : [status])),
  );
  if (statuses.has('fail')) return 'fail';
  if (statuses.has('error')) return 'error';
  return statuses.has('pass') ? 'pass' : 'not-assessed';
}
