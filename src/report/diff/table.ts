import { terminalText } from '../escape.ts';
import { verdictLabel } from '../meaning.ts';
import { TextPage } from '../page.ts';
import { count, type Ink } from '../style.ts';
import { VERDICT_INK } from '../table/index.ts';
import type { ChangedFile, ReportDiff } from './diff.ts';
import type { ReadFile, ReadFinding } from './read.ts';

export interface DiffTableOptions {
  /** Columns. */
  readonly width: number;
  readonly color: boolean;
  /** Lists everything. */
  readonly verbose: boolean;
  /** The counts alone. */
  readonly quiet: boolean;
}

/** Rows of one kind shown unless verbose. */
const MAX_ROWS = 20;

const ACTION_INK = { allow: 'green', warn: 'yellow', deny: 'red' } as const;

/** A comparison for people: the decision, what else was compared with, then findings, files, checks and risks. */
export function renderDiff(diff: ReportDiff, options: DiffTableOptions): string {
  const page = new TextPage(options.width, options.color);
  const { decision } = diff;
  page.row(decision.to.action.toUpperCase(), summary(diff), 'bold', ACTION_INK[decision.to.action]);
  if (options.quiet) return page.toString();
  headRows(page, diff);
  findingRows(page, 'NEW', diff.findings.new, 'red', options);
  findingRows(page, 'FIXED', diff.findings.fixed, 'green', options);
  severityRows(page, diff, options);
  findingRows(page, 'UNCHANGED', options.verbose ? diff.findings.unchanged : [], 'dim', options);
  fileRows(page, diff, options);
  const checks = diff.checks.map(({ id, from, to }) => `${terminalText(id)}: ${nowWas(from, to)}`);
  changeRows(page, 'CHECKS', checks, options);
  const signatures = diff.signatures.map(
    ({ signature, from, to }) => `${terminalText(signature)}: ${nowWas(from, to)}`,
  );
  changeRows(page, 'SIGNATURES', signatures, options);
  changeRows(
    page,
    'RISKS',
    diff.risks.map(({ id, from, to }) => `${terminalText(id)}: ${nowWas(riskText(from), riskText(to))}`),
    options,
  );
  return page.toString();
}

function summary({ decision, findings, files }: ReportDiff): string {
  const was = decision.from.action === decision.to.action ? 'as before' : `was ${decision.from.action}`;
  const { added, removed, changed } = files;
  const found = `${findings.new.length} new, ${findings.fixed.length} fixed, ${count(findings.unchanged.length, 'unchanged finding')}`;
  return `${was}; ${found}; files: ${added.length} added, ${removed.length} removed, ${changed.length} changed`;
}

function headRows(page: TextPage, { artifact, status, decision, ruleset }: ReportDiff): void {
  page.row('from', terminalText(artifact.from.pinned), 'dim', 'dim');
  page.row('to', terminalText(artifact.to.pinned), 'dim', 'dim');
  if (artifact.from.ref !== artifact.to.ref) page.row('', 'The reports cover two different artifacts.', 'yellow');
  if (status.from !== status.to) page.row('status', nowWas(status.from, status.to), 'yellow');
  if (decision.from.policy !== decision.to.policy || decision.from.policyDigest !== decision.to.policyDigest) {
    const name = (policy: typeof decision.from) => named(policy.policy, policy.policyDigest ?? 'no digest');
    page.row(
      'policy',
      `${nowWas(name(decision.from), name(decision.to))}: the decision may differ because of this`,
      'yellow',
    );
  }
  if (ruleset.from.digest !== ruleset.to.digest) {
    const name = (rules: typeof ruleset.from) => named(rules.version, rules.digest);
    page.row(
      'ruleset',
      `${nowWas(name(ruleset.from), name(ruleset.to))}: findings may differ because of this`,
      'yellow',
    );
  }
}

function named(name: string, digest: string): string {
  return `${terminalText(name)} (${terminalText(digest.slice(0, 'sha256:'.length + 12))})`;
}

function nowWas(from: string | null, to: string | null): string {
  if (from === null) return `${terminalText(to ?? '')}, new`;
  return to === null ? `gone, was ${terminalText(from)}` : `${terminalText(to)}, was ${terminalText(from)}`;
}

function riskText(risk: ReportDiff['risks'][number]['from']): string | null {
  return risk === null ? null : `${risk.status} (${risk.evidence})`;
}

/** As many items as are shown, each by its own rows; then how many are not. */
function listRows<T>(page: TextPage, items: readonly T[], options: DiffTableOptions, row: (item: T) => void): void {
  const shown = options.verbose ? items : items.slice(0, MAX_ROWS);
  for (const item of shown) row(item);
  if (items.length > shown.length) page.row('', `and ${items.length - shown.length} more; --verbose shows all`, 'dim');
}

function findingRows(
  page: TextPage,
  label: string,
  findings: readonly ReadFinding[],
  ink: Ink,
  options: DiffTableOptions,
): void {
  if (findings.length === 0) return;
  page.gap();
  page.row(label, count(findings.length, 'finding'), 'bold', ink);
  listRows(page, findings, options, ({ severity, message, file, member, ruleId }) => {
    page.row(`  ${severity}`, terminalText(message), undefined, ink);
    const within = member === null ? '' : ` in ${terminalText(member)}`;
    page.row('', `${terminalText(file)}${within} · ${terminalText(ruleId)}`, 'dim');
  });
}

function severityRows(page: TextPage, { findings }: ReportDiff, options: DiffTableOptions): void {
  const rows = findings.changed.map(
    ({ finding, severity }) =>
      `${severity.to}, was ${severity.from}: ${terminalText(finding.message)} · ${terminalText(finding.file)}`,
  );
  changeRows(page, 'SEVERITIES', rows, options);
}

function fileRows(page: TextPage, { files }: ReportDiff, options: DiffTableOptions): void {
  const { added, removed, changed, unchanged, uncompared } = files;
  page.gap();
  const open = uncompared === 0 ? '' : ` (${uncompared} without a known digest)`;
  page.row('FILES', `${added.length + removed.length + changed.length} changed, ${unchanged} not${open}`, 'bold');
  const whole = (label: string) => (file: ReadFile) =>
    page.row(
      `  ${label}`,
      `${terminalText(file.path)} · ${verdictLabel(file.verdict)}`,
      undefined,
      label === 'added' ? VERDICT_INK[file.verdict] : 'dim',
    );
  listRows(page, changed, options, (file) => changedRow(page, file));
  listRows(page, added, options, whole('added'));
  listRows(page, removed, options, whole('removed'));
}

const BYTES: Readonly<Record<ChangedFile['bytes'], string>> = {
  same: 'the same bytes',
  changed: 'other bytes',
  unknown: 'bytes that could not be compared',
};

function changedRow(page: TextPage, { path, bytes, from, to }: ChangedFile): void {
  const was = from.verdict === to.verdict ? '' : `, was ${verdictLabel(from.verdict)}`;
  const text = `${terminalText(path)} · ${BYTES[bytes]} · ${verdictLabel(to.verdict)}${was}`;
  page.row('  changed', text, undefined, VERDICT_INK[to.verdict]);
}

function changeRows(page: TextPage, label: string, changes: readonly string[], options: DiffTableOptions): void {
  if (changes.length === 0) return;
  page.gap();
  page.row(label, `${changes.length} changed`, 'bold');
  listRows(page, changes, options, (change) => page.row('', change));
}
