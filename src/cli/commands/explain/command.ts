import type { Command } from 'commander';
import { AssayError, closest } from '../../../core/index.ts';
import { TextPage } from '../../../report/index.ts';
import { referenceAddress } from '../../../report/sarif/index.ts';
import type { ChangeRule } from '../../../scan/rules/index.ts';
import type { Rule } from '../../../scan/scanner/index.ts';
import { type Shell, wantsColor, widthOf } from '../../terminal/index.ts';
import type { GlossaryEntry } from './terms/index.ts';

/** A rule of scanners, or of what the GitHub Action reports of a change. */
type ExplainedRule = Rule | ChangeRule;

export function registerExplain(program: Command, shell: Shell): void {
  program
    .command('explain')
    .summary('explain a rule, or another id of a report: what it means, why, and the remedy')
    .description(
      'Explains what a rule detects, why it matters, and how to remedy a finding; and every other id that a report prints: checks, rules of policies, verdicts, outcomes of waivers, problems of signatures, limits. Without an id, lists all rules.',
    )
    .argument('[id]', 'id of a rule, a check or a limit, as reports name it')
    .option('--no-color', 'disable colour')
    .action((id: string | undefined, flags: { color: boolean }) => explain(id, flags.color, shell));
}

async function explain(id: string | undefined, color: boolean, shell: Shell): Promise<void> {
  const { CHANGE_RULES, RULES } = await import('../../../scan/rules/index.ts');
  const rules = new Map<string, ExplainedRule>([
    ...RULES,
    ...Object.values(CHANGE_RULES).map((rule) => [rule.id, rule] as const),
  ]);
  const page = new TextPage(widthOf(shell.stdout), wantsColor(shell.stdout, shell.env, color));
  if (id === undefined) {
    for (const rule of rules.values()) listRow(page, rule);
  } else {
    const rule = rules.get(id);
    const { loadTerms } = await import('./terms/index.ts');
    const terms = await loadTerms();
    const found = terms.of(id);
    if (rule === undefined && found.length === 0)
      throw unknownId(id, [...rules.keys(), ...terms.all.map((one) => one.id)]);
    if (rule !== undefined) ruleRows(page, rule);
    for (const [at, term] of found.entries()) {
      if (rule !== undefined || at > 0) page.gap();
      termRows(page, term);
    }
  }
  shell.stdout.write(page.toString());
}

function unknownId(id: string, known: readonly string[]): AssayError {
  const near = closest(id, known);
  const hint =
    near.length > 0
      ? `did you mean ${near.join(' or ')}?`
      : 'assay explain lists all rules; a rule of your own policy has its own message, which assay policy explain shows';
  return new AssayError('usage', 'no such rule, check or limit', { subject: id, hint });
}

function listRow(page: TextPage, rule: ExplainedRule): void {
  page.row(rule.severity, rule.id, 'bold');
  page.row('', rule.title);
}

const VERDICTS: Readonly<Record<ExplainedRule['verdict'], string>> = {
  malicious: 'makes a file malicious',
  suspicious: 'makes a file suspicious',
  unknown: 'makes a file unknown',
  'not-assessed': 'leaves a file of the change not assessed',
  none: 'is advice and does not change the verdict',
};

function ruleRows(page: TextPage, rule: ExplainedRule): void {
  page.row('rule', rule.id, 'bold', 'dim');
  page.row('title', rule.title, undefined, 'dim');
  page.row('severity', `${rule.severity}; ${VERDICTS[rule.verdict]}`, undefined, 'dim');
  page.gap();
  page.row('explanation', rule.explanation, undefined, 'dim');
  page.gap();
  page.row('remedy', rule.remedy, undefined, 'dim');
  page.gap();
  for (const reference of [...rule.owasp, ...rule.atlas, ...rule.cwe]) {
    page.row('see', `${reference}  ${referenceAddress(reference) ?? ''}`, undefined, 'dim');
  }
}

function termRows(page: TextPage, { kind, id, title, explanation, remedy }: GlossaryEntry): void {
  page.row(kind, id, 'bold', 'dim');
  page.row('title', title, undefined, 'dim');
  page.gap();
  page.row('explanation', explanation, undefined, 'dim');
  if (remedy === undefined) return;
  page.gap();
  page.row('remedy', remedy, undefined, 'dim');
}
