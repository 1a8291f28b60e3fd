import type { FileAssessment, Finding } from '../../core/assessment/index.ts';
import { saferFiles } from '../advice.ts';
import type { Judged, ReportContext, RuleInfo } from '../context.ts';
import { readingsLine } from '../json/index.ts';
import { meaning, REMEDIES, verdictLabel } from '../meaning.ts';
import { count, humanBytes } from '../style.ts';
import { waiversOf } from '../suppressions.ts';
import { markdownCode, markdownText } from './text.ts';

/** Findings and reasons shown of one file. */
const MAX_FINDINGS = 5;
const MAX_REASONS = 3;

/** A file with what was found in it, worst first. */
export interface FileWithFindings {
  readonly file: FileAssessment;
  readonly findings: readonly Finding[];
  /** Whether the rule of its worst finding was explained at a file before it. */
  readonly explained: boolean;
}

/** One file: findings, what it means, what to do; in short, its verdict and path. */
export function markdownFile(
  { file, findings, explained }: FileWithFindings,
  short: boolean,
  judged: Judged,
  context: ReportContext,
): string {
  const title = `**${verdictLabel(file.verdict)}** ${markdownCode(file.path)}`;
  if (short) return `- ${title}`;
  const [worst] = findings;
  const rule = worst && context.rules.get(worst.ruleId);
  const lines = [
    ...findings.slice(0, MAX_FINDINGS).map((finding) => findingLine(finding, judged)),
    ...(findings.length > MAX_FINDINGS ? [`and ${count(findings.length - MAX_FINDINGS, 'more finding')}`] : []),
    ...file.reasons.slice(0, MAX_REASONS).map((reason) => `Because ${markdownText(reason)}`),
    ...[readingsLine(file) ?? []].flat().map((line) => `By loader: ${line}`),
    ...(explained ? ['Meaning and remedy: as above.'] : meansLines(file, rule)),
    ...nextLines(file, rule, explained, judged.assessment.files),
  ];
  const format = markdownText(context.formats.get(file.format) ?? file.format, { max: 80 });
  return [`- ${title}, ${format}, ${humanBytes(file.size)}`, ...lines.map((line) => `  - ${line}`)].join('\n');
}

function findingLine(finding: Finding, judged: Judged): string {
  const places = [
    ...(finding.member === undefined ? [] : [`in ${markdownCode(finding.member, { max: 120 })}`]),
    ...(finding.offset === undefined ? [] : [`byte ${finding.offset}`]),
    ...(finding.line === undefined ? [] : [`line ${finding.line}`]),
    markdownCode(finding.ruleId, { max: 80 }),
  ];
  const { evidence } = finding;
  const seen = evidence === undefined || finding.message.includes(evidence) ? '' : ` Seen: ${markdownCode(evidence)}.`;
  const waived = waiversOf(judged, finding).length > 0 ? ' Waived.' : '';
  return `**${finding.severity}** ${markdownText(finding.message)} (${places.join(', ')}).${seen}${waived}`;
}

function meansLines({ verdict }: FileAssessment, rule: RuleInfo | undefined): string[] {
  return verdict === 'clean' ? [] : [`Means: ${markdownText(meaning(verdict, rule), { max: 330 })}`];
}

function nextLines(
  file: FileAssessment,
  rule: RuleInfo | undefined,
  explained: boolean,
  all: readonly FileAssessment[],
): string[] {
  const lines = [];
  const safer = file.verdict === 'clean' ? undefined : saferFiles(file, all);
  if (safer !== undefined) {
    const [first = ''] = safer.paths;
    const same = safer.sameName ? 'its name suggests' : 'check';
    const shown = markdownCode(first, { max: 120 });
    lines.push(`Next: use ${shown} instead, which is clean; ${same} that it contains the same weights.`);
  }
  if (explained) return lines;
  if (rule !== undefined) lines.push(`Next: ${markdownText(rule.remedy)} \`assay explain ${rule.id}\` says more.`);
  else if (safer === undefined && file.verdict !== 'clean') lines.push(`Next: ${markdownText(REMEDIES[file.verdict])}`);
  return lines;
}
