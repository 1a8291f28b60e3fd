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

/** Whether a check lists rows for a person, and so does not fail the data. */
export function isToLookAt({ status, weight }: Pick<DataCheck, 'weight' | 'status'>): boolean {
  return status === 'fail' && weight === 'review';
}

/** What the checks say about data poisoning (OWASP ML02:2023). */
export function poisoningRisk(checks: readonly Pick<DataCheck, 'id' | 'weight' | 'status'>[]): DataReport['owasp'] {
  const judging = checks.filter(({ weight }) => weight !== 'review');
  const made = judging.filter(({ status }) => status === 'pass' || status === 'fail');
  const status = judging.some((one) => one.status === 'fail')
    ? 'fail'
    : made.length === 0
      ? 'not-assessed'
      : made.length < judging.length
        ? 'partial'
        : 'pass';
  return { 'ML02:2023': { status, evidence: 'direct', checks: made.map(({ id }) => id) } };
}
