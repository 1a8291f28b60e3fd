import {
  type FileAssessment,
  type Finding,
  type Severity,
  severityRank,
  type Verdict,
} from '../../core/assessment/index.ts';
import { saferFiles, unlistedGlobals } from '../advice.ts';
import type { Judged, ReportContext, RuleInfo } from '../context.ts';
import { terminalText } from '../escape.ts';
import { readingsLine } from '../json/index.ts';
import { meaning, REMEDIES, verdictLabel } from '../meaning.ts';
import type { TextPage } from '../page.ts';
import { count, humanBytes } from '../style.ts';
import { type Waivable, waiversOf } from '../suppressions.ts';
import { findingsIn } from './findings-by-file.ts';
import type { AllowanceAdvice, SuggestedAllowance, TableOptions } from './options.ts';

export const VERDICT_INK = {
  malicious: 'red',
  unknown: 'magenta',
  suspicious: 'yellow',
  'not-assessed': 'cyan',
  clean: 'green',
} as const satisfies Record<Verdict, string>;

const SEVERITY_INK = {
  critical: 'red',
  high: 'red',
  medium: 'yellow',
  low: 'cyan',
  info: 'dim',
} as const satisfies Record<Severity, string>;

/** Findings, reasons and names of one file, shown unless verbose. */
const MAX_SHOWN = 5;

/** One file that is not clean: findings, what it means, what to do. */
export function fileBlock(
  page: TextPage,
  file: FileAssessment,
  judged: Judged,
  context: ReportContext,
  options: TableOptions,
): void {
  const findings = [...findingsIn(judged.assessment, file.path)].sort(
    (a, b) => severityRank(b.severity) - severityRank(a.severity),
  );
  page.gap();
  page.row(verdictLabel(file.verdict), terminalText(file.path), 'bold', VERDICT_INK[file.verdict]);
  page.row('', `${context.formats.get(file.format) ?? terminalText(file.format)} · ${humanBytes(file.size)}`, 'dim');
  const shown = options.verbose ? findings : findings.slice(0, MAX_SHOWN);
  for (const finding of shown) findingRows(page, finding, waiverText(judged, finding));
  if (findings.length > shown.length) {
    page.row('', `and ${count(findings.length - shown.length, 'more finding')}; --verbose shows all`, 'dim');
  }
  for (const reason of file.reasons.slice(0, options.verbose ? undefined : MAX_SHOWN)) {
    page.row('  because', terminalText(reason), undefined, 'dim');
  }
  const readings = readingsLine(file);
  if (readings !== undefined) page.row('  readings', readings, undefined, 'dim');
  const verdict = verdictWaiver(judged, file);
  if (verdict !== undefined) page.row('  waived', `its verdict is ${verdict}`, undefined, 'yellow');
  const [open] = findings.filter((finding) => waiverText(judged, finding) === undefined);
  // A finding that the organisation waived needs no advice.
  if (verdict !== undefined || (findings.length > 0 && open === undefined && file.reasons.length === 0)) return;
  const rule = open && context.rules.get(open.ruleId);
  if (file.verdict !== 'clean') page.row('  means', meaning(file.verdict, rule), undefined, 'dim');
  nextRows(page, file, rule, judged, options);
}

/** The owner and expiry of its waiver; `undefined` for a finding that counts. */
function waiverText(judged: Judged, what: Waivable): string | undefined {
  const [first] = waiversOf(judged, what);
  if (first === undefined) return undefined;
  return terminalText(`waived by ${first.waiver.owner} until ${first.waiver.expires}`);
}

function verdictWaiver(judged: Judged, { verdict, path }: FileAssessment): string | undefined {
  return verdict === 'clean' || verdict === 'malicious' ? undefined : waiverText(judged, { verdict, file: path });
}

function findingRows(page: TextPage, finding: Finding, waivedBy: string | undefined): void {
  page.row(`  ${finding.severity}`, terminalText(finding.message), undefined, SEVERITY_INK[finding.severity]);
  if (finding.evidence !== undefined && !finding.message.includes(finding.evidence)) {
    page.row('', terminalText(finding.evidence), 'cyan');
  }
  page.row('', [place(finding), finding.ruleId, waivedBy ?? ''].filter((part) => part !== '').join(' · '), 'dim');
}

function place(finding: Finding): string {
  const parts = [];
  if (finding.member !== undefined) parts.push(`in ${terminalText(finding.member)}`);
  if (finding.offset !== undefined) parts.push(`byte ${finding.offset}`);
  if (finding.line !== undefined) parts.push(`line ${finding.line}`);
  return parts.join(', ');
}

function nextRows(
  page: TextPage,
  file: FileAssessment,
  rule: RuleInfo | undefined,
  judged: Judged,
  options: TableOptions,
): void {
  let label = '  next';
  const say = (text: string) => {
    page.row(label, text, undefined, 'dim');
    label = '';
  };
  const safer = file.verdict === 'clean' ? undefined : saferFiles(file, judged.assessment.files);
  if (safer !== undefined) {
    const [first = ''] = safer.paths;
    const more = safer.paths.length > 1 ? ` and ${count(safer.paths.length - 1, 'file')} beside it` : '';
    const same = safer.sameName ? 'its name suggests the same weights' : 'check that it contains the same weights';
    say(`Use ${terminalText(first)}${more} instead: clean, safetensors cannot carry code; ${same}.`);
  }
  if (rule !== undefined) say(`${rule.remedy} (assay explain ${rule.id})`);
  else if (safer === undefined && file.verdict !== 'clean') say(REMEDIES[file.verdict]);
  if (file.verdict !== 'suspicious') return;
  // Code has no opcodes: its own lines say why.
  if (file.format === 'python' || /^(?:hub|python)\./.test(rule?.id ?? '')) return;
  adviceRows(page, say, unlistedGlobals(file, options.isListed), options.advice?.get(file.path));
  say('If this is a false alarm, write its opcodes without weights or strings, and attach them to a report:');
  page.code(`assay repro ${shellQuote(options.reopen(file.path))}`);
}

/** The entries that would admit the file, or why none would. */
function adviceRows(
  page: TextPage,
  say: (text: string) => void,
  names: readonly string[],
  advice: AllowanceAdvice | undefined,
): void {
  if (names.length === 0) return;
  const known = (n: number) =>
    `If you know ${n === 1 ? 'the name and trust it, allow it' : `the ${n} names and trust them, allow each`} in your own file, with --allow FILE`;
  if (advice === undefined) say(`${known(names.length)} (assay scan --help shows an entry).`);
  else if (advice.kind === 'refused') {
    say(`No allowance can admit this file: ${terminalText(advice.name)} ${terminalText(advice.why)}.`);
  } else if (advice.kind === 'insufficient') {
    const subject = names.length === 1 ? 'To allow the name' : `To allow the ${names.length} names`;
    say(`${subject} is not enough: ${terminalText(advice.because)}.`);
  } else {
    say(`${known(advice.entries.length)}:`);
    page.code('allow:');
    for (const entry of advice.entries) for (const line of allowanceEntry(entry)) page.code(line);
  }
}

/** As `--allow FILE` reads it. */
function allowanceEntry({ module, name, uses }: SuggestedAllowance): string[] {
  return [
    `  - module: ${terminalText(module)}`,
    `    name: ${terminalText(name)}`,
    `    uses: [${uses.join(', ')}]`,
    '    owner: name@example.org',
    '    reason: why the name is harmless',
    '    expires: YYYY-MM-DD',
  ];
}

/** For pasting into a POSIX shell; what could steer a terminal is shown escaped, and will not match. */
function shellQuote(path: string): string {
  const safe = terminalText(path);
  return /^[\w./@%+=:,-]+$/.test(safe) && !safe.startsWith('-') ? safe : `'${safe.replaceAll("'", "'\\''")}'`;
}
