import type { Action, FileAssessment } from '../../core/assessment/index.ts';
import type { Judged, ReportContext } from '../context.ts';
import { terminalText } from '../escape.ts';
import { byVerdict, headline, verdictCounts } from '../meaning.ts';
import { mapOwasp, owaspCoverage } from '../owasp/index.ts';
import { TextPage } from '../page.ts';
import { count, humanBytes, humanDuration } from '../style.ts';
import { coverageRows } from './coverage.ts';
import { fileBlock, VERDICT_INK } from './file.ts';
import { loadingBlock } from './loading.ts';
import type { TableOptions } from './options.ts';
import { signatureRows } from './signature-rows.ts';
import { waiverRows } from './waivers.ts';

/** Files shown in full unless verbose. */
const MAX_FILES = 20;
/** Waivers that the decision names; all of them stand below. */
const MAX_WAIVED = 3;

const ACTION_INK = { allow: 'green', warn: 'yellow', deny: 'red' } as const;

/** A report for people: the decision, then the files, worst first, with their meaning and the next step, then the counts. */
export function renderTable(judged: Judged, context: ReportContext, options: TableOptions): string {
  const page = new TextPage(options.width, options.color);
  decisionRows(page, judged);
  if (options.quiet) return page.toString();
  const { assessment } = judged;
  const worstFirst = [...assessment.files].sort(byVerdict);
  const found = new Set(assessment.findings.map((finding) => finding.file));
  const notable = worstFirst.filter((file) => file.verdict !== 'clean' || found.has(file.path));
  const shown = options.verbose ? notable : notable.slice(0, MAX_FILES);
  for (const file of shown) fileBlock(page, file, judged, context, options);
  if (notable.length > shown.length) {
    page.gap();
    page.row('', `and ${count(notable.length - shown.length, 'more file')} to look at; --verbose shows all`, 'dim');
  }
  cleanRows(
    page,
    worstFirst.filter((file) => file.verdict === 'clean' && !found.has(file.path)),
    context,
    options,
  );
  if (context.coverage) coverageRows(page, worstFirst);
  loadingBlock(page, assessment, options);
  for (const signature of assessment.signatures) {
    page.gap();
    signatureRows(page, signature, options);
  }
  waiverRows(page, judged.decision.waivers, options);
  checkRows(page, judged, options);
  summaryRows(page, judged);
  return page.toString();
}

function decisionRows(page: TextPage, { assessment, decision }: Judged): void {
  const ink = ACTION_INK[decision.action];
  page.row(decision.action.toUpperCase(), headline(assessment.files, decision.action), 'bold', ink);
  page.row('', terminalText(assessment.artifact.pinned), 'dim');
  const extra = decision.violations.filter(({ rule }) => !rule.startsWith('verdict.'));
  for (const { message } of extra) page.row('', `${actionWord(decision.action)}: ${terminalText(message)}`);
  const waived = decision.waivers.filter(({ outcome }) => outcome === 'applied');
  for (const { waiver } of waived.slice(0, MAX_WAIVED)) {
    page.row('', terminalText(`waived: ${waiver.rule}, by ${waiver.owner} until ${waiver.expires}`), 'yellow');
  }
  if (waived.length > MAX_WAIVED) page.row('', `waived: ${count(waived.length - MAX_WAIVED, 'more rule')}`, 'yellow');
}

function actionWord(action: Action): string {
  return action === 'deny' ? 'denied because' : 'warned because';
}

function cleanRows(
  page: TextPage,
  clean: readonly FileAssessment[],
  context: ReportContext,
  options: TableOptions,
): void {
  if (clean.length === 0) return;
  page.gap();
  const bytes = clean.reduce((sum, file) => sum + file.size, 0);
  page.row('CLEAN', `${count(clean.length, 'file')}, ${humanBytes(bytes)}`, 'bold', VERDICT_INK.clean);
  if (!options.verbose) return;
  for (const file of clean) {
    const format = context.formats.get(file.format) ?? file.format;
    page.row('', `${terminalText(file.path)} · ${format} · ${humanBytes(file.size)}`);
  }
}

function checkRows(page: TextPage, { assessment }: Judged, options: TableOptions): void {
  const open = options.verbose ? mapOwasp(assessment).open : [];
  const checks = [...assessment.checks, ...open].filter(
    (check) => options.verbose || check.status === 'fail' || check.status === 'error',
  );
  if (checks.length + assessment.notes.length > 0) page.gap();
  for (const check of checks)
    page.row(
      check.status,
      `${terminalText(check.id)}: ${terminalText(check.detail)}`,
      undefined,
      check.status === 'fail' ? 'red' : 'dim',
    );
  for (const note of assessment.notes) page.row('note', terminalText(note), 'dim', 'dim');
}

function summaryRows(page: TextPage, { assessment, decision }: Judged): void {
  const { stats, ruleset, files } = assessment;
  const { assessed, direct, of } = owaspCoverage(mapOwasp(assessment).risks);
  page.gap();
  page.parts([
    `${count(stats.files, 'file')}${verdictCounts(files)}`,
    humanBytes(stats.bytesTotal),
    `read ${humanBytes(stats.bytesRead)}`,
    humanDuration(stats.durationMs),
  ]);
  page.parts([
    `policy ${decision.policy}`,
    `ruleset ${ruleset.version} (${ruleset.digest.slice(0, 'sha256:'.length + 12)})`,
    `OWASP ML Top 10: assessed ${assessed}/${of}, direct ${direct}/${of}`,
  ]);
}
