import { type Severity, severityRank, VERDICTS, type Verdict } from '../../core/assessment/index.ts';
import type { ReadCheck, ReadFile, ReadFinding, ReadReport } from './read.ts';

export interface ReportChange<T> {
  readonly from: T;
  readonly to: T;
}

/** A file that both reports have, with another verdict or other bytes. */
export interface ChangedFile {
  readonly path: string;
  /** `unknown` when a report has no digest of it. */
  readonly bytes: 'same' | 'changed' | 'unknown';
  readonly from: ReadFile;
  readonly to: ReadFile;
}

/** The comparison of two reports: new, removed and changed items. */
export interface ReportDiff {
  readonly artifact: ReportChange<ReadReport['artifact']>;
  readonly status: ReportChange<ReadReport['status']>;
  readonly decision: ReportChange<ReadReport['decision']>;
  /** Where it changed, findings may come and go because of the rules. */
  readonly ruleset: ReportChange<ReadReport['ruleset']>;
  readonly findings: {
    readonly new: readonly ReadFinding[];
    readonly fixed: readonly ReadFinding[];
    /** In both, of another severity. */
    readonly changed: readonly { readonly finding: ReadFinding; readonly severity: ReportChange<Severity> }[];
    readonly unchanged: readonly ReadFinding[];
  };
  readonly files: {
    readonly added: readonly ReadFile[];
    readonly removed: readonly ReadFile[];
    readonly changed: readonly ChangedFile[];
    readonly unchanged: number;
    /** Those among the unchanged of whose bytes nothing is known. */
    readonly uncompared: number;
  };
  /** By id; `null` where a report does not have it. */
  readonly checks: readonly ({ readonly id: string } & ReportChange<ReadCheck['status'] | null>)[];
  readonly signatures: readonly ({ readonly signature: string } & ReportChange<string | null>)[];
  readonly risks: readonly ({ readonly id: string } & ReportChange<ReadReport['owasp'][string] | null>)[];
}

export function diffReports(from: ReadReport, to: ReadReport): ReportDiff {
  return {
    artifact: { from: from.artifact, to: to.artifact },
    status: { from: from.status, to: to.status },
    decision: { from: from.decision, to: to.decision },
    ruleset: { from: from.ruleset, to: to.ruleset },
    findings: diffFindings(from.findings, to.findings),
    files: diffFiles(from.files, to.files),
    checks: changesOf(statuses(from.checks), statuses(to.checks)).map(([id, change]) => ({ id, ...change })),
    signatures: changesOf(signatures(from), signatures(to)).map(([signature, change]) => ({ signature, ...change })),
    risks: changesOf(new Map(Object.entries(from.owasp)), new Map(Object.entries(to.owasp)))
      .filter(([, { from: was, to: is }]) => was?.status !== is?.status || was?.evidence !== is?.evidence)
      .map(([id, change]) => ({ id, ...change })),
  };
}

function diffFindings(from: readonly ReadFinding[], to: readonly ReadFinding[]): ReportDiff['findings'] {
  const before = new Map(from.map((finding) => [finding.fingerprint, finding]));
  const after = new Set(to.map(({ fingerprint }) => fingerprint));
  const stayed = to.flatMap((finding) => {
    const was = before.get(finding.fingerprint);
    return was === undefined ? [] : [{ finding, severity: { from: was.severity, to: finding.severity } }];
  });
  return {
    new: worstFirst(to.filter(({ fingerprint }) => !before.has(fingerprint))),
    fixed: worstFirst(from.filter(({ fingerprint }) => !after.has(fingerprint))),
    changed: stayed.filter(({ severity }) => severity.from !== severity.to),
    unchanged: stayed.filter(({ severity }) => severity.from === severity.to).map(({ finding }) => finding),
  };
}

function worstFirst(findings: readonly ReadFinding[]): ReadFinding[] {
  return [...findings].sort((a, b) => severityRank(b.severity) - severityRank(a.severity));
}

function diffFiles(from: readonly ReadFile[], to: readonly ReadFile[]): ReportDiff['files'] {
  const before = keyed(from);
  const after = keyed(to);
  const both = [...after].flatMap(([key, file]): ChangedFile[] => {
    const was = before.get(key);
    return was === undefined ? [] : [{ path: file.path, bytes: compareBytes(was, file), from: was, to: file }];
  });
  const isChanged = (file: ChangedFile) => file.bytes === 'changed' || file.from.verdict !== file.to.verdict;
  const rest = both.filter((file) => !isChanged(file));
  return {
    added: [...after].filter(([key]) => !before.has(key)).map(([, file]) => file),
    removed: [...before].filter(([key]) => !after.has(key)).map(([, file]) => file),
    changed: both.filter(isChanged),
    unchanged: rest.length,
    uncompared: rest.filter(({ bytes }) => bytes === 'unknown').length,
  };
}

/** By path, and which of its name: reports cut very long paths, and two may then be the same. */
function keyed(files: readonly ReadFile[]): ReadonlyMap<string, ReadFile> {
  const seen = new Map<string, number>();
  return new Map(
    files.map((file) => {
      const nth = seen.get(file.path) ?? 0;
      seen.set(file.path, nth + 1);
      return [`${nth} ${file.path}`, file];
    }),
  );
}

function compareBytes(a: ReadFile, b: ReadFile): ChangedFile['bytes'] {
  if (a.size !== b.size) return 'changed';
  if (a.sha256 === null || b.sha256 === null) return 'unknown';
  return a.sha256 === b.sha256 ? 'same' : 'changed';
}

const WORST_STATUS_LAST: readonly ReadCheck['status'][] = ['pass', 'not-assessed', 'error', 'fail'];

/** The status of each check; the worst of those that share an id. */
function statuses(checks: readonly ReadCheck[]): ReadonlyMap<string, ReadCheck['status']> {
  const worst = new Map<string, ReadCheck['status']>();
  for (const { id, status } of checks) {
    const known = worst.get(id);
    if (known === undefined || WORST_STATUS_LAST.indexOf(status) > WORST_STATUS_LAST.indexOf(known))
      worst.set(id, status);
  }
  return worst;
}

function signatures(report: ReadReport): ReadonlyMap<string, string> {
  return new Map(report.signatures.map(({ signature, status }) => [signature, status]));
}

/** Keys whose values are not the same, sorted. */
function changesOf<T>(
  from: ReadonlyMap<string, T>,
  to: ReadonlyMap<string, T>,
): (readonly [key: string, change: ReportChange<T | null>])[] {
  return [...new Set([...from.keys(), ...to.keys()])]
    .filter((key) => from.get(key) !== to.get(key))
    .sort()
    .map((key) => [key, { from: from.get(key) ?? null, to: to.get(key) ?? null }] as const);
}

/** How grave a verdict is for `hasNew`: a file that could not be read must not look unchanged. */
const VERDICT_SEVERITY: Readonly<Record<Verdict, Severity>> = {
  clean: 'info',
  'not-assessed': 'low',
  suspicious: 'medium',
  unknown: 'medium',
  malicious: 'critical',
};

/** Whether there is a new finding, or a file that is new or was better before and is not clean, at least that severe. */
export function hasNew({ findings, files }: ReportDiff, severity: Severity): boolean {
  const isGrave = (other: Severity) => severityRank(other) >= severityRank(severity);
  const worse = [
    ...files.added,
    ...files.changed
      .filter(({ from, to }) => VERDICTS.indexOf(to.verdict) > VERDICTS.indexOf(from.verdict))
      .map(({ to }) => to),
  ];
  return (
    findings.new.some((finding) => isGrave(finding.severity)) ||
    worse.some(({ verdict }) => verdict !== 'clean' && isGrave(VERDICT_SEVERITY[verdict]))
  );
}
