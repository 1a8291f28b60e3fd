import {
  count,
  type Judged,
  markdownCode,
  markdownText,
  type ReportContext,
  renderMarkdown,
} from '../../../src/report/index.ts';
import type { RunOutcome, Shown } from '../outcome.ts';

/** Rows of the table of findings. */
const MAX_ROWS = 100;

/**
 * What a run says, in Markdown: the decision, what was looked at, the findings by place, then each artifact in full. Nothing that a
 * repository says becomes markup.
 * @param shown those findings that are severe enough
 * @param max UTF-16 units
 */
export function summaryOf(outcome: RunOutcome, shown: readonly Shown[], context: ReportContext, max: number): string {
  const head = `## Assay: ${outcomeHeadline(outcome)}\n\n${looked(outcome)}\n\n${rulesLine(outcome)}`;
  const table = findingTable(shown);
  const judged = judgedOf(outcome);
  const details = judged.length === 0 ? '' : `\n${renderMarkdown(judged, context)}`;
  const whole = `${head}${table}${details}`;
  if (whole.length <= max) return whole;
  const short = `${head}${table}\nThe reports of the artifacts are too long for the summary: write them to a file with the input report.\n`;
  return short.length <= max
    ? short
    : `${head}\nThere are ${shown.length} findings: write them to a file with the input report.\n`;
}

export function judgedOf({ models, referenced }: RunOutcome): readonly Judged[] {
  const far = referenced.flatMap(({ outcome }) => (outcome.kind === 'judged' ? [outcome.judged] : []));
  return [...(models === undefined ? [] : [models]), ...far];
}

export function outcomeHeadline({ action, incomplete, outages }: RunOutcome): string {
  if (action === 'deny') return 'DENY';
  if (incomplete) return 'INCOMPLETE';
  return outages.length > 0 ? 'NOT DECIDED' : action.toUpperCase();
}

function looked({ comparison, change, referenced, models }: RunOutcome): string {
  const { counts } = change;
  const approved = [
    models,
    ...referenced.flatMap(({ outcome }) => (outcome.kind === 'judged' ? [outcome.judged] : [])),
  ];
  const through = approved.reduce((sum, one) => sum + (one?.approved.size ?? 0), 0);
  const by =
    through === 0
      ? ''
      : ` The service allowed ${count(through, 'file')} by approvals or waivers of exactly these bytes.`;
  const against = comparison.base === undefined ? '' : ` against ${markdownCode(comparison.base.slice(0, 12))}`;
  const files = `${count(counts.files, 'file')} checked, ${count(counts.models, 'file')} of models`;
  const gone = counts.deleted === 0 ? '' : `, ${counts.deleted} deleted`;
  const far = referenced.length === 0 ? '' : `, ${count(referenced.length, 'referenced model')}`;
  const none = models === undefined && referenced.length === 0 ? ' It contains no models.' : '';
  return `${markdownText(comparison.about)} at ${markdownCode(comparison.head.slice(0, 12))}${against}: ${files}${gone}${far}.${none}${by}`;
}

function rulesLine({ comparison, lines }: RunOutcome): string {
  const from = comparison.rules === undefined ? '' : ` as of ${markdownCode(comparison.rules.slice(0, 12))}`;
  return `Decided by the policy ${markdownCode(lines.decision.policy)}${from}.\n`;
}

function findingTable(shown: readonly Shown[]): string {
  if (shown.length === 0) return '';
  const rows = shown.slice(0, MAX_ROWS).map(({ severity, ruleId, file, line, message, within }) => {
    const place = markdownCode(line === undefined ? file : `${file}:${line}`, { cell: true });
    const from = within === undefined ? '' : `${markdownCode(within, { cell: true })} `;
    return `| ${severity} | ${place} | ${markdownCode(ruleId, { cell: true })} | ${from}${markdownText(message, { cell: true })} |`;
  });
  const more = shown.length > MAX_ROWS ? `\nand ${shown.length - MAX_ROWS} more\n` : '';
  return `\n| severity | place | rule | what |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n${more}`;
}
