import type { Risk } from '../../core/assessment/index.ts';
import { OWASP_RISKS, owaspCoverage } from '../owasp/index.ts';
import { count } from '../style.ts';
import { type Html, html, NOTHING } from './html.ts';
import { chip, code, type Section, table, told } from './parts.ts';
import type { Review } from './review.ts';
import { EVIDENCES, RISK_STATUSES } from './words.ts';

/** Checks named of one risk. */
const MAX_CHECKS = 6;

/** Each of the ten risks: its status, the kind of evidence, what it rests on. */
export function owaspSection(review: Review): Section {
  const { assessed, direct, of } = owaspCoverage(review.owasp.risks);
  const rows = Object.entries(review.owasp.risks).map(([id, risk]) => [
    html`<span class="number">${id}</span> ${OWASP_RISKS[id]?.title ?? ''}`,
    chip(RISK_STATUSES[risk.status]),
    EVIDENCES[risk.evidence],
    restsOn(id, risk, review),
  ]);
  const body = html`<p class="score"><strong>Assessed ${assessed}/${of}, direct ${direct}/${of}.</strong> No risk passes without
evidence. A risk that is not assessed says how to assess it.</p>
${table({
  caption: 'OWASP Machine Learning Security Top 10 (2023)',
  columns: [{ label: 'Risk' }, { label: 'Status' }, { label: 'Evidence' }, { label: 'Evidence used' }],
  rows,
})}`;
  return { id: 'owasp', title: 'OWASP Machine Learning Security Top 10', body };
}

function restsOn(id: string, risk: Risk, { groups }: Review): Html {
  const lead = risk.status === 'not-assessed' ? html`To assess it: ${told(risk.detail)}` : told(risk.detail);
  return html`<p>${lead}</p>${findingLinks(id, risk, groups)}${checkNames(risk)}`;
}

function findingLinks(id: string, risk: Risk, groups: Review['groups']): Html {
  if (risk.findings.length === 0) return NOTHING;
  const links = groups
    .filter(({ findings }) => findings.some(({ owasp }) => owasp.includes(id)))
    .slice(0, MAX_CHECKS)
    .map(({ number }, i) => html`${i === 0 ? '' : ', '}<a href="#finding-${number}">Finding ${number}</a>`);
  return html`<p>${count(risk.findings.length, 'finding')}: ${links}</p>`;
}

function checkNames({ checks }: Risk): Html {
  if (checks.length === 0) return NOTHING;
  const names = checks.slice(0, MAX_CHECKS).map((name, i) => html`${i === 0 ? '' : ', '}${code(name)}`);
  const more = checks.length - MAX_CHECKS;
  return html`<p class="quiet">${checks.length === 1 ? 'Check' : 'Checks'} ${names}${more > 0 ? ` and ${more} more` : ''}</p>`;
}
