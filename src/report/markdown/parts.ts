import type { Check, JudgedWaiver, RuleOutcome, SignatureAssessment } from '../../core/assessment/index.ts';
import type { Judged, ReportContext } from '../context.ts';
import { verdictCounts } from '../meaning.ts';
import { mapOwasp, OWASP_RISKS, owaspCoverage } from '../owasp/index.ts';
import { count, humanBytes, humanDuration } from '../style.ts';
import { signerText, waiverMeaning } from '../table/index.ts';
import { markdownCode, markdownText } from './text.ts';

/** Room for the line that says how many were left out. */
const MORE = 100;

/**
 * As many blocks as fit into `budget` UTF-16 units, in their order, and a line that counts the rest. A block that does not
 * fit stands in its short form, if that does.
 */
export function pack<T>(
  items: readonly T[],
  budget: number,
  noun: string,
  render: (item: T, short: boolean) => string,
): string {
  let text = '';
  for (const [index, item] of items.entries()) {
    const fits = (block: string) => text.length + block.length + 1 <= budget - MORE;
    const block = [render(item, false), render(item, true)].find(fits);
    if (block === undefined) return `${text}- and ${count(items.length - index, `more ${noun}`)}\n`;
    text += `${block}\n`;
  }
  return text;
}

/** A heading with what stands below it; nothing when nothing does. */
export function section(title: string, body: string): string {
  return body === '' ? '' : `### ${title}\n\n${body}\n`;
}

/** The rules of the policy that did not pass, those that decided first. */
export function whySection({ decision }: Judged, budget: number): string {
  const decided = new Set(decision.violations.map(({ rule }) => rule));
  const isTold = ({ id, outcome }: RuleOutcome) => decided.has(outcome === 'unavailable' ? outcome : id);
  const others = decision.rules.filter((rule) => rule.outcome !== 'pass' && !isTold(rule));
  const lines = [
    ...decision.violations.map(({ rule, message }) => ({ rule, message, outcome: decision.action })),
    ...others.map(({ id, message, outcome }) => ({ rule: id, message, outcome })),
  ];
  return section('Why', pack(lines, budget, 'rule', whyLine));
}

function whyLine(line: { rule: string; message: string; outcome: RuleOutcome['outcome'] | 'allow' }): string {
  return `- **${line.outcome}** ${markdownCode(line.rule)} ${markdownText(line.message)}`;
}

/** Every waiver that was given, including void ones: every waiver is reported. */
export function waiverSection({ decision }: Judged, budget: number): string {
  return section('Waivers', pack(decision.waivers, budget, 'waiver', waiverLine));
}

function waiverLine(judged: JudgedWaiver): string {
  const { rule, file, owner, expires, reason } = judged.waiver;
  const about = file === undefined ? '' : ` in ${markdownCode(file, { max: 120 })}`;
  const who = `by ${markdownCode(owner, { max: 80 })} until ${markdownCode(expires, { max: 40 })}`;
  const what = markdownText(waiverMeaning(judged), { max: 80 });
  return `- ${markdownCode(rule, { max: 80 })}${about}: ${what}; ${who}, because ${markdownText(reason, { max: 160 })}`;
}

export function signatureSection({ assessment }: Judged, budget: number): string {
  return section('Signatures', pack(assessment.signatures, budget, 'signature', signatureLines));
}

function signatureLines(signature: SignatureAssessment): string {
  const { status, detail, signer, covered, changed, missing, uncovered } = signature;
  const by = signer === null ? '' : ` Signed by ${markdownText(signerText(signer))}, covers ${count(covered, 'file')}.`;
  const from = markdownCode(signature.signature, { max: 120 });
  const lists = [
    pathList('changed', changed),
    pathList('missing', missing),
    pathList(
      'not covered',
      uncovered.map(({ path }) => path),
    ),
  ];
  return [`- **${status}** ${from}: ${markdownText(detail)}.${by}`, ...lists.filter((line) => line !== '')].join('\n');
}

/** Paths shown of one kind. */
const MAX_PATHS = 3;

function pathList(label: string, paths: readonly string[]): string {
  if (paths.length === 0) return '';
  const shown = paths.slice(0, MAX_PATHS).map((path) => markdownCode(path, { max: 120 }));
  const more = paths.length > MAX_PATHS ? ` and ${count(paths.length - MAX_PATHS, 'more file')}` : '';
  return `  - ${label}: ${shown.join(', ')}${more}`;
}

/** Checks that failed or could not be made; what nobody assessed is in the table of risks. */
export function checkSection({ assessment }: Judged, budget: number): string {
  const failed = assessment.checks.filter(({ status }) => status === 'fail' || status === 'error');
  return section('Checks', pack(failed, budget, 'check', checkLine));
}

function checkLine({ id, status, detail }: Check): string {
  return `- **${status}** ${markdownCode(id, { max: 80 })} ${markdownText(detail)}`;
}

export function noteSection({ assessment }: Judged, budget: number): string {
  return section(
    'Notes',
    pack(assessment.notes, budget, 'note', (note) => `- Note: ${markdownText(note)}`),
  );
}

/** Characters of a risk's detail, the most that fits. */
const DETAILS = [240, 60, 0];

/** The ten risks in one table. */
export function riskSection({ assessment }: Judged, budget: number): string {
  const { risks } = mapOwasp(assessment);
  const { assessed, direct, of } = owaspCoverage(risks);
  const title = `OWASP ML Top 10: assessed ${assessed}/${of}, direct ${direct}/${of}`;
  const tables = DETAILS.map((max) => section(title, riskTable(risks, max)));
  return tables.find((table) => table.length <= budget) ?? '';
}

function riskTable(risks: ReturnType<typeof mapOwasp>['risks'], max: number): string {
  const rows = Object.entries(risks).map(([id, { status, evidence, detail }]) => {
    const why = max === 0 ? '' : markdownText(detail, { cell: true, max });
    return `| ${id.slice(0, 4)} ${OWASP_RISKS[id]?.title ?? ''} | ${status} | ${evidence} | ${why} |`;
  });
  return ['| Risk | Status | Evidence | Why |', '| --- | --- | --- | --- |', ...rows, ''].join('\n');
}

/** Counts and versions, in a few lines. */
export function factSection({ assessment, decision }: Judged, context: ReportContext): string {
  const { stats, ruleset, files, artifact } = assessment;
  const digest = artifact.digest === null ? 'none: a file has no digest' : markdownCode(artifact.digest);
  return section(
    'Scan',
    [
      `- ${count(stats.files, 'file')}${verdictCounts(files)}, ${humanBytes(stats.bytesTotal)}, read ${humanBytes(stats.bytesRead)}, ${humanDuration(stats.durationMs)}`,
      `- Digest ${digest}`,
      `- Policy ${markdownCode(decision.policy, { max: 80 })} (${markdownCode(shortDigest(decision.policyDigest))}), ruleset ${markdownCode(ruleset.version, { max: 40 })} (${markdownCode(shortDigest(ruleset.digest))}), Assay ${markdownCode(context.version, { max: 40 })}`,
      '',
    ].join('\n'),
  );
}

function shortDigest(digest: string): string {
  return digest.slice(0, 'sha256:'.length + 12);
}
