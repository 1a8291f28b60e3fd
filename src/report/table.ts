import type { Action, FileAssessment } from '../core/assessment.ts';
import { VERDICTS, type Verdict } from '../core/verdict.ts';
import type { Judged, ReportContext } from './context.ts';
import { terminalText } from './escape.ts';
import { mapOwasp, owaspCoverage } from './owasp.ts';
import { Page } from './page.ts';
import { signatureRows } from './signature-rows.ts';
import { count, humanBytes, humanDuration } from './style.ts';
import { coverageRows } from './table-coverage.ts';
import { fileBlock, VERDICT_INK, verdictLabel } from './table-file.ts';
import { loadingBlock } from './table-loading.ts';

export interface TableOptions {
  /** Columns. */
  readonly width: number;
  readonly color: boolean;
  /** Lists clean files, every finding, every check. */
  readonly verbose: boolean;
  /** The decision alone. */
  readonly quiet: boolean;
  /** Whether the ruleset lists a global, "module.name" as Python 3 has it. */
  readonly isListed: (name: string) => boolean;
  /** What a command must be given to open a file of the artifact again. */
  readonly reopen: (file: string) => string;
}

/** Files shown in full unless verbose. */
const MAX_FILES = 20;

const ACTION_INK = { allow: 'green', warn: 'yellow', deny: 'red' } as const;

/** A report for people: the decision, then files worst first with what they mean and what to do, then the counts. */
export function renderTable(judged: Judged, context: ReportContext, options: TableOptions): string {
  const page = new Page(options.width, options.color);
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
  checkRows(page, judged, options);
  summaryRows(page, judged);
  return page.toString();
}

function byVerdict(a: FileAssessment, b: FileAssessment): number {
  return VERDICTS.indexOf(b.verdict) - VERDICTS.indexOf(a.verdict) || (a.path < b.path ? -1 : a.path > b.path ? 1 : 0);
}

function decisionRows(page: Page, { assessment, decision }: Judged): void {
  const ink = ACTION_INK[decision.action];
  page.row(decision.action.toUpperCase(), headline(assessment.files), 'bold', ink);
  page.row('', terminalText(assessment.artifact.pinned), 'dim');
  const extra = decision.violations.filter(({ rule }) => !rule.startsWith('verdict.'));
  for (const { message } of extra) page.row('', `${actionWord(decision.action)}: ${terminalText(message)}`);
}

function actionWord(action: Action): string {
  return action === 'deny' ? 'denied because' : 'warned because';
}

/** What follows "the file" and "3 of 5 files". */
const HEADLINES: Readonly<Record<Verdict, readonly [one: string, many: string]>> = {
  malicious: ['would run code or do harm when loaded', 'would run code or do harm when loaded'],
  unknown: [
    'could not be fully read, so nothing vouches for it',
    'could not be fully read, so nothing vouches for them',
  ],
  suspicious: ['does what listed model files do not', 'do what listed model files do not'],
  'not-assessed': ['is of a format that no scanner judges yet', 'are of formats that no scanner judges yet'],
  clean: ['was read to the end and holds nothing that runs', 'were read to the end and hold nothing that runs'],
};

function headline(files: readonly FileAssessment[]): string {
  const worst = [...files].sort(byVerdict)[0]?.verdict;
  if (worst === undefined) return 'nothing was scanned, so nothing is known';
  const share = files.filter((file) => file.verdict === worst).length;
  const [one, many] = HEADLINES[worst];
  const word = worst.replace('-', ' ');
  if (files.length === 1) return `${word}: the file ${one}`;
  if (share === files.length) return `${word}: all ${count(share, 'file')} ${many}`;
  return `${word}: ${share} of ${count(files.length, 'file')} ${share === 1 ? one : many}`;
}

function cleanRows(page: Page, clean: readonly FileAssessment[], context: ReportContext, options: TableOptions): void {
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

function checkRows(page: Page, { assessment }: Judged, options: TableOptions): void {
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

function summaryRows(page: Page, { assessment, decision }: Judged): void {
  const { stats, ruleset, files } = assessment;
  const counts = [...VERDICTS].reverse().flatMap((verdict) => {
    const n = files.filter((file) => file.verdict === verdict).length;
    return n === 0 ? [] : [`${n} ${verdictLabel(verdict).toLowerCase()}`];
  });
  const { assessed, direct, of } = owaspCoverage(mapOwasp(assessment).risks);
  page.gap();
  page.parts([
    `${count(stats.files, 'file')}${counts.length > 0 ? `: ${counts.join(', ')}` : ''}`,
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
