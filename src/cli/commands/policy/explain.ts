import { severityRank } from '../../../core/assessment/index.ts';
import { readDocument } from '../../../core/bytes/index.ts';
import { Failure } from '../../../policy/cel/index.ts';
import {
  type CompiledPolicy,
  type Explained,
  explain,
  loadPolicy,
  type RuleEvaluation,
  shownValue,
} from '../../../policy/index.ts';
import { recordWithin, typeText, VIEW, VIEW_VERSION } from '../../../policy/view/index.ts';
import { count, decisionReport, type Ink, jsonText, TextPage, terminalText } from '../../../report/index.ts';
import { type Reported, readReported } from '../../judging/index.ts';
import { environmentOf } from '../../options/index.ts';
import { type Shell, wantsColor, widthOf } from '../../terminal/index.ts';
import type { ExplainFlags } from './request.ts';

/** Applies a policy to a report, prints each rule with its value, and records the exit code. */
export async function runExplain(path: string, flags: ExplainFlags, shell: Shell): Promise<void> {
  const policy = await loadPolicy(flags.policy);
  const reported = await readDocument(path, '--report', readReported);
  const { waivers } = reported;
  const explained = explain(reported.assessment, { policy, waivers, environment: environmentOf(flags) });
  if (flags.format === 'json') shell.stdout.write(explainedJson(explained, policy));
  else {
    const page = new TextPage(widthOf(shell.stdout), wantsColor(shell.stdout, shell.env, flags.color));
    explainedRows(page, explained, policy, reported);
    shell.stdout.write(page.toString());
  }
  if (explained.decision.action === 'deny') shell.exit(1);
}

function explainedJson({ decision, evaluation }: Explained, policy: CompiledPolicy): string {
  return `${jsonText(
    {
      decision: decisionReport(decision),
      variables: Object.fromEntries(
        [...policy.variables.keys()].map((name) => [name, shown(evaluation.variable(name))]),
      ),
      values: evaluation.rules.map(({ rule, value }) => ({
        id: rule.id,
        expression: rule.expression.source.text,
        value: value === undefined ? null : shown(value),
      })),
    },
    2,
  )}\n`;
}

function shown(value: unknown): string {
  return value instanceof Failure ? `error: ${value.message}` : shownValue(value);
}

const INKS: Readonly<Record<RuleEvaluation['outcome'], Ink | undefined>> = {
  pass: 'green',
  deny: 'red',
  error: 'red',
  unavailable: 'red',
  warn: 'yellow',
  audit: 'yellow',
};

function explainedRows(
  page: TextPage,
  { decision, evaluation }: Explained,
  policy: CompiledPolicy,
  reported: Reported,
): void {
  const { artifact } = reported.assessment;
  page.row(decision.action.toUpperCase(), terminalText(artifact.pinned), 'bold');
  page.row('policy', terminalText(`${policy.name}: ${policy.description}`), undefined, 'dim');
  if (evaluation.mismatch !== undefined) page.row('does not apply', terminalText(evaluation.mismatch));
  for (const one of evaluation.rules) {
    page.gap();
    const decided = decision.rules.find(({ id }) => id === one.rule.id);
    const outcome = decided?.outcome ?? one.outcome;
    page.row(outcome, one.rule.id, INKS[outcome]);
    const message = decided?.message ?? one.message;
    if (message !== '') page.row('', terminalText(message));
    page.row('rule', terminalText(one.rule.expression.source.text), undefined, 'dim');
    if (one.value !== undefined) page.row('value', terminalText(shown(one.value)), undefined, 'dim');
    else if (one.outcome === 'pass')
      page.row('not evaluated', terminalText(one.rule.when?.source.text ?? ''), undefined, 'dim');
    for (const name of one.rule.uses) {
      page.row('variable', terminalText(`${name} = ${shown(evaluation.variable(name))}`), undefined, 'dim');
    }
    findingRows(page, one, reported);
  }
}

const MAX_FINDINGS = 10;

/** The gravest first. */
function findingRows(page: TextPage, { findings }: RuleEvaluation, { assessment }: Reported): void {
  const named = new Set(findings);
  const behind = assessment.findings
    .filter(({ fingerprint }) => named.has(fingerprint))
    .sort((a, b) => severityRank(b.severity) - severityRank(a.severity));
  for (const { severity, ruleId, file, member, fingerprint } of behind.slice(0, MAX_FINDINGS)) {
    const place = member === undefined ? file : `${file}!${member}`;
    page.row('finding', terminalText(`${severity}  ${ruleId}  ${place}  ${fingerprint.slice(0, 8)}`));
  }
  if (behind.length > MAX_FINDINGS) page.row('', `and ${count(behind.length - MAX_FINDINGS, 'more finding')}`, 'dim');
}

/** Lists everything that an expression can name. */
export function runView(flags: ExplainFlags, shell: Shell): void {
  if (flags.format === 'json') {
    shell.stdout.write(`${jsonText({ version: VIEW_VERSION, view: VIEW }, 2)}\n`);
    return;
  }
  const page = new TextPage(widthOf(shell.stdout), wantsColor(shell.stdout, shell.env, flags.color));
  page.row('view', `${VIEW_VERSION}: the fields that an expression can use`);
  for (const [name, { type, about }] of Object.entries(VIEW)) {
    page.gap();
    page.row(name, type.kind === 'record' ? about : `${typeText(type)}. ${about}`, undefined, 'bold');
    for (const [key, field] of Object.entries(recordWithin(type)?.fields ?? {})) {
      page.row(key, `${typeText(field.type)}. ${field.about}`);
    }
  }
  shell.stdout.write(page.toString());
}
