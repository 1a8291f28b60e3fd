import type { Command } from 'commander';
import { AssayError, closest } from '../../../core/index.ts';
import { TextPage } from '../../../report/index.ts';
import { referenceAddress } from '../../../report/sarif/index.ts';
import type { ChangeRule } from '../../../scan/rules/index.ts';
import type { Rule } from '../../../scan/scanner/index.ts';
import { type Shell, wantsColor, widthOf } from '../../terminal/index.ts';

/** A rule of scanners, or of what the GitHub Action reports of a change. */
type ExplainedRule = Rule | ChangeRule;

export function registerExplain(program: Command, shell: Shell): void {
  program
    .command('explain')
    .summary('explain a rule: what it detects, why, and the remedy')
    .description(
      'Explains what a rule detects, why it matters, and how to remedy a finding. Without a rule, lists all rules.',
    )
    .argument('[rule]', 'id of a rule, as reports name it')
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
    if (rule === undefined) throw unknownRule(id, [...rules.keys()]);
    ruleRows(page, rule);
  }
  shell.stdout.write(page.toString());
}

function unknownRule(id: string, known: readonly string[]): AssayError {
  const near = closest(id, known);
  const hint = near.length > 0 ? `did you mean ${near.join(' or ')}?` : 'assay explain lists all rules';
  return new AssayError('usage', 'no such rule', { subject: id, hint });
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
