import type { Check, Decision, FileAssessment, Finding } from '../../core/assessment/index.ts';
import { findingsByFile } from '../by-file.ts';
import type { Judged, ReportContext } from '../context.ts';
import { meaning } from '../meaning.ts';
import { mapOwasp } from '../owasp/index.ts';
import { count } from '../style.ts';
import { waiversOf } from '../suppressions.ts';
import { xmlText } from './text.ts';

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
 * JUnit XML, as Jenkins and GitLab read it: a suite an artifact; a case a rule of the policy, a file, a check. A denied
 * artifact has a failure, and an item that was not assessed is skipped.
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
    ...assessment.files.map((file) => fileCase(file, found.get(file.path) ?? [], judged, blamed, context)),
    ...checks.map(checkCase),
  ];
}

/** Every rule of the policy, and what led to the decision without being one (`--fail-on`). */
function policyCases({ action, rules, violations }: Decision): TestCase[] {
  const known = new Set(rules.flatMap(({ id, outcome }) => (outcome === 'unavailable' ? [id, outcome] : [id])));
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
  judged: Judged,
  blamed: ReadonlySet<string>,
  context: ReportContext,
): TestCase {
  const { verdict, reasons } = file;
  const [worst] = findings;
  const rule = worst && context.rules.get(worst.ruleId);
  const passed = verdict === 'not-assessed' ? 'skipped' : 'none';
  const outcome = isDenied(file, findings, judged, blamed) ? 'failure' : passed;
  const base = { group: 'files', name: file.path, outcome, kind: `verdict.${verdict}` } as const;
  if (verdict === 'clean' && findings.length === 0) return { ...base, message: '', details: [] };
  const means = meaning(verdict, rule);
  const why = worst?.message ?? reasons[0] ?? means;
  const lines = [
    ...findings.slice(0, MAX_FINDINGS).map((finding) => findingLine(finding, judged)),
    ...(findings.length > MAX_FINDINGS ? [`and ${count(findings.length - MAX_FINDINGS, 'more finding')}`] : []),
    ...reasons.filter((reason) => reason !== why).map((reason) => `because ${reason}`),
    ...(verdict === 'clean' || means === why ? [] : [`means: ${means}`]),
    ...(rule === undefined ? [] : [`next: ${rule.remedy} (assay explain ${rule.id})`]),
    `sha256: ${file.sha256 ?? 'unknown'} (${file.digestBasis})`,
  ];
  return { ...base, message: `${verdict}: ${why}`, details: lines };
}

/** Whether the policy denied the artifact for this file: for a finding in it, or for its verdict. */
function isDenied(
  { path, verdict }: FileAssessment,
  findings: readonly Finding[],
  judged: Judged,
  blamed: ReadonlySet<string>,
): boolean {
  if (judged.decision.action !== 'deny') return false;
  if (findings.some(({ fingerprint }) => blamed.has(fingerprint))) return true;
  const violation = judged.decision.violations.find(({ rule }) => rule === `verdict.${verdict}`);
  if (violation === undefined) return false;
  const isWaived =
    verdict !== 'clean' && verdict !== 'malicious' && waiversOf(judged, { verdict, file: path }).length > 0;
  return !isWaived && (findings.length === 0 || violation.findings.length === 0);
}

function findingLine(finding: Finding, judged: Judged): string {
  const { severity, ruleId, message, member, offset, line, evidence, fingerprint } = finding;
  const places = [
    ...(member === undefined ? [] : [`in ${member}`]),
    ...(offset === undefined ? [] : [`byte ${offset}`]),
    ...(line === undefined ? [] : [`line ${line}`]),
  ];
  const seen = evidence === undefined || message.includes(evidence) ? '' : `; seen: ${evidence}`;
  const waived = waiversOf(judged, finding).length > 0 ? 'waived, ' : '';
  return `${waived}${severity} ${ruleId}: ${message}${seen}${places.length > 0 ? ` (${places.join(', ')})` : ''} [${fingerprint}]`;
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
