import type { Decision, FileAssessment } from '../core/assessment.ts';
import type { Check } from '../core/check.ts';
import type { Finding } from '../core/finding.ts';
import { findingsByFile } from './by-file.ts';
import type { Judged, ReportContext } from './context.ts';
import { xmlText } from './junit-text.ts';
import { meaning } from './meaning.ts';
import { mapOwasp } from './owasp.ts';
import { count } from './style.ts';

/** `none`: it passed. */
type Outcome = 'none' | 'failure' | 'error' | 'skipped';

interface TestCase {
  readonly group: 'policy' | 'files' | 'checks';
  readonly name: string;
  readonly outcome: Outcome;
  /** What a failure is of; a rule or a verdict. */
  readonly kind: string;
  readonly message: string;
  /** Lines below the message. */
  readonly details: readonly string[];
}

/** Findings told of one file. */
const MAX_FINDINGS = 50;

/**
 * JUnit XML, as Jenkins and GitLab read it: a suite an artifact; a case a rule of the policy, a file, a check. Whatever is
 * denied holds a failure, and what nobody assessed is skipped.
 */
export function renderJunit(all: readonly Judged[], context: ReportContext): string {
  const suites = all.map((judged) => ({ judged, cases: casesOf(judged, context) }));
  const every = suites.flatMap(({ cases }) => cases);
  const body = suites.map(({ judged, cases }, index) => suiteXml(judged, cases, index, context)).join('');
  const sums = `tests="${every.length}" failures="${tally(every, 'failure')}" errors="${tally(every, 'error')}"`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="assay" ${sums}>\n${body}</testsuites>\n`;
}

function tally(cases: readonly TestCase[], outcome: Outcome): number {
  return cases.filter((one) => one.outcome === outcome).length;
}

function suiteXml({ assessment, decision }: Judged, cases: readonly TestCase[], id: number, context: ReportContext) {
  const { artifact, ruleset, stats } = assessment;
  const properties = [
    ['assay.version', context.version],
    ['assay.decision', decision.action],
    ['assay.policy', decision.policy],
    ['assay.policy.digest', decision.policyDigest],
    ['assay.ruleset', ruleset.version],
    ['assay.ruleset.digest', ruleset.digest],
    ['assay.status', assessment.status],
    ['assay.artifact', artifact.ref],
    ['assay.artifact.digest', artifact.digest ?? 'none'],
    ...decision.waivers.map(({ waiver, outcome }) => [
      `assay.waiver.${outcome}`,
      `${waiver.rule}, by ${waiver.owner} until ${waiver.expires}: ${waiver.reason}`,
    ]),
  ] as const;
  const sums = `tests="${cases.length}" failures="${tally(cases, 'failure')}" errors="${tally(cases, 'error')}" skipped="${tally(cases, 'skipped')}"`;
  const lines = [
    `<testsuite id="${id}" name="${xmlText(artifact.pinned)}" ${sums} time="${(stats.durationMs / 1000).toFixed(3)}">`,
    '  <properties>',
    ...properties.map(([name = '', value = '']) => `    <property name="${xmlText(name)}" value="${xmlText(value)}"/>`),
    '  </properties>',
    ...cases.map(caseXml),
    '</testsuite>',
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function caseXml({ group, name, outcome, kind, message, details }: TestCase): string {
  const open = `  <testcase classname="assay.${group}" name="${xmlText(name)}"`;
  const text = [message, ...details].map((line) => xmlText(line)).join('\n');
  if (outcome === 'none') return text === '' ? `${open}/>` : `${open}><system-out>${text}</system-out></testcase>`;
  if (outcome === 'skipped') return `${open}><skipped>${text}</skipped></testcase>`;
  return `${open}><${outcome} type="${xmlText(kind)}" message="${xmlText(message)}">${text}</${outcome}></testcase>`;
}

function casesOf(judged: Judged, context: ReportContext): TestCase[] {
  const { assessment, decision } = judged;
  const found = findingsByFile(assessment.findings);
  const blamed = new Set(decision.violations.flatMap(({ findings }) => findings));
  const checks = [...assessment.checks, ...mapOwasp(assessment).open];
  return [
    ...policyCases(decision),
    ...assessment.files.map((file) => fileCase(file, found.get(file.path) ?? [], decision, blamed, context)),
    ...checks.map(checkCase),
  ];
}

/** Every rule of the policy, and what led to the decision without being one (`--fail-on`). */
function policyCases({ action, rules, violations }: Decision): TestCase[] {
  const known = new Set(rules.map(({ id }) => id));
  const others = violations.filter(({ rule }) => !known.has(rule));
  return [
    ...rules.map(({ id, outcome, message }) => ({ id, message, denies: DENIES.has(outcome), outcome })),
    ...others.map(({ rule, message }) => ({ id: rule, message, denies: action === 'deny', outcome: action })),
  ].map(({ id, message, denies, outcome }) => ({
    group: 'policy',
    name: id,
    outcome: denies ? 'failure' : 'none',
    kind: id,
    message: message === '' ? '' : `${outcome}: ${message}`,
    details: [],
  }));
}

const DENIES: ReadonlySet<string> = new Set(['deny', 'error', 'unavailable']);

function fileCase(
  file: FileAssessment,
  findings: readonly Finding[],
  decision: Decision,
  blamed: ReadonlySet<string>,
  context: ReportContext,
): TestCase {
  const [worst] = findings;
  const rule = worst && context.rules.get(worst.ruleId);
  const denied =
    decision.action === 'deny' &&
    (decision.violations.some((violation) => violation.rule === `verdict.${file.verdict}`) ||
      findings.some(({ fingerprint }) => blamed.has(fingerprint)));
  const quiet = file.verdict === 'clean' && findings.length === 0;
  const passed = file.verdict === 'not-assessed' ? 'skipped' : 'none';
  return {
    group: 'files',
    name: file.path,
    outcome: denied ? 'failure' : passed,
    kind: `verdict.${file.verdict}`,
    message: quiet ? '' : `${file.verdict}: ${worst?.message ?? file.reasons[0] ?? meaning(file.verdict, undefined)}`,
    details: quiet
      ? []
      : [
          ...findings.slice(0, MAX_FINDINGS).map(findingLine),
          ...(findings.length > MAX_FINDINGS ? [`and ${count(findings.length - MAX_FINDINGS, 'more finding')}`] : []),
          ...file.reasons.map((reason) => `because ${reason}`),
          ...(file.verdict === 'clean' ? [] : [`means: ${meaning(file.verdict, rule)}`]),
          ...(rule === undefined ? [] : [`next: ${rule.remedy} (assay explain ${rule.id})`]),
          `sha256: ${file.sha256 ?? 'not known'} (${file.digestBasis})`,
        ],
  };
}

function findingLine({ severity, ruleId, message, member, offset, line, evidence, fingerprint }: Finding): string {
  const places = [
    ...(member === undefined ? [] : [`in ${member}`]),
    ...(offset === undefined ? [] : [`byte ${offset}`]),
    ...(line === undefined ? [] : [`line ${line}`]),
  ];
  const seen = evidence === undefined || message.includes(evidence) ? '' : `; seen: ${evidence}`;
  return `${severity} ${ruleId}: ${message}${seen}${places.length > 0 ? ` (${places.join(', ')})` : ''} [${fingerprint}]`;
}

const CHECK_OUTCOMES: Readonly<Record<Check['status'], Outcome>> = {
  pass: 'none',
  fail: 'failure',
  error: 'error',
  'not-assessed': 'skipped',
};

function checkCase({ id, status, detail }: Check): TestCase {
  return { group: 'checks', name: id, outcome: CHECK_OUTCOMES[status], kind: id, message: detail, details: [] };
}
