import type { Decision, JudgedWaiver, WaiverOutcome } from '../../core/assessment/index.ts';
import { count } from '../style.ts';
import { type Html, html, NOTHING } from './html.ts';
import { capped, chip, code, type Section, table, told } from './parts.ts';
import type { Review } from './review.ts';
import { RULE_RESULTS, WAIVER_OUTCOMES } from './words.ts';

const MAX_ROWS = 500;

/** The outcomes of the rules of the policy, and the waivers. */
export function policySection({ decision }: Review): Section {
  const body = html`${rules(decision)}<h3>Waivers</h3>\n${waivers(decision.waivers)}`;
  return { id: 'policy', title: 'Policy and waivers', body };
}

function rules({ action, policy, policyDigest, rules, violations }: Decision): Html {
  const lead = html`<p>The policy ${told(policy)} (${code(policyDigest)}) made the decision.</p>\n`;
  if (rules.length === 0 && violations.length === 0) return html`${lead}<p>No rule was broken.</p>\n`;
  const rows =
    rules.length > 0
      ? rules.map(({ id, outcome, message }) => [code(id), chip(RULE_RESULTS[outcome]), told(message)])
      : violations.map(({ rule, message }) => [
          code(rule),
          chip(RULE_RESULTS[action === 'deny' ? 'deny' : 'warn']),
          told(message),
        ]);
  const [shown, rest] = capped(rows, MAX_ROWS, (left) => `${count(left, 'more rule')}.`);
  const columns = [{ label: 'Rule' }, { label: 'Outcome' }, { label: 'Message' }];
  return html`${lead}${table({ caption: 'Rules of the policy', columns, rows: shown })}${rest}`;
}

const VOID: ReadonlySet<WaiverOutcome> = new Set(['expired', 'other-artifact', 'refused']);

function waivers(all: readonly JudgedWaiver[]): Html {
  if (all.length === 0) return html`<p>No waiver was given.</p>\n`;
  const order = [...all].sort((a, b) => Number(VOID.has(b.outcome)) - Number(VOID.has(a.outcome)));
  const [shown, rest] = capped(order, MAX_ROWS, (left) => `${count(left, 'more waiver')}.`);
  const rows = shown.map(({ waiver, outcome, findings }) => [
    html`${code(waiver.rule)}${waiver.file === undefined ? NOTHING : html` in ${code(waiver.file)}`}`,
    html`${chip(WAIVER_OUTCOMES[outcome])} <span class="quiet">${waived(outcome, findings.length)}</span>`,
    told(waiver.reason),
    html`${told(waiver.owner)}, until ${told(waiver.expires)} <span class="quiet">in ${told(waiver.from)}</span>`,
  ]);
  const columns = ['Rule', 'Outcome', 'Reason', 'Given by'].map((label) => ({ label }));
  return html`${table({ caption: 'Waivers, void ones first', columns, rows })}${rest}`;
}

function waived(outcome: WaiverOutcome, findings: number): string {
  return outcome === 'applied' ? `waives ${count(findings, 'finding')}` : 'waives nothing';
}
