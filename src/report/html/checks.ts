import type { Check } from '../../core/assessment/index.ts';
import { count } from '../style.ts';
import { html } from './html.ts';
import { capped, chip, code, type Section, table, told } from './parts.ts';
import type { Review } from './review.ts';
import { CHECK_STATUSES } from './words.ts';

const MAX_CHECKS = 500;
const ORDER: readonly Check['status'][] = ['fail', 'error', 'not-assessed', 'pass'];

/** All checks of the artifact, and their results. */
export function checksSection(review: Review): Section {
  const checks = allChecks(review).sort((a, b) => ORDER.indexOf(a.status) - ORDER.indexOf(b.status));
  const [shown, rest] = capped(
    checks,
    MAX_CHECKS,
    (left) => `${count(left, 'more check')}: the JSON report lists all.`,
  );
  const columns = [{ label: 'Check' }, { label: 'Answer' }, { label: 'Why' }];
  const rows = shown.map(({ id, status, detail }) => [code(id), chip(CHECK_STATUSES[status]), told(detail)]);
  const body =
    checks.length === 0
      ? html`<p>None.</p>\n`
      : html`${table({ caption: 'Checks, failed ones first', columns, rows })}${rest}`;
  return { id: 'checks', title: 'Checks', body };
}

/** Those of the assessment, and the questions that nothing answered. */
export function allChecks({ assessment, owasp }: Review): Check[] {
  return [...assessment.checks, ...owasp.open];
}
