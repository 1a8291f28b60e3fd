import { type Finding, severityRank } from '../../core/assessment/index.ts';
import type { ReportContext, RuleInfo } from '../context.ts';

/** Findings shown with their evidence; the rest get a line each. */
export const MAX_FULL = 500;
/** Findings shown in a line each; the rest are counted. */
export const MAX_LINES = 10_000;
/** Findings of one rule shown in full before those of others. */
const FAIR_SHARE = 20;

/** All findings of one rule. */
export interface FindingGroup {
  /** From 1, in the order of the report. */
  readonly number: number;
  readonly ruleId: string;
  readonly rule: RuleInfo | undefined;
  readonly severity: Finding['severity'];
  /** In order of their place. */
  readonly findings: readonly Finding[];
  /** The first ones that are shown in full. */
  readonly full: number;
  /** Those after them that are shown in a line. */
  readonly lines: number;
}

/** Findings by rule, worst first, and how much of each is shown: no rule crowds out the others. */
export function groupFindings(findings: readonly Finding[], { rules }: ReportContext): FindingGroup[] {
  const byRule = new Map<string, Finding[]>();
  for (const finding of findings) {
    const key = `${finding.severity} ${finding.ruleId}`;
    const known = byRule.get(key);
    if (known === undefined) byRule.set(key, [finding]);
    else known.push(finding);
  }
  const groups = [...byRule.values()].map((members) => [...members].sort(byPlace)).sort(worstFirst);
  const full = share(groups.map(({ length }) => length));
  let linesLeft = MAX_LINES;
  return groups.flatMap((members, i) => {
    const [first] = members;
    if (first === undefined) return [];
    const shown = full[i] ?? 0;
    const lines = Math.min(linesLeft, members.length - shown);
    linesLeft -= lines;
    const { ruleId, severity } = first;
    return [{ number: i + 1, ruleId, rule: rules.get(ruleId), severity, findings: members, full: shown, lines }];
  });
}

/** How many of each group are shown in full: a fair share each, then what is left to the worst. */
function share(sizes: readonly number[]): number[] {
  let left = MAX_FULL;
  const take = (n: number) => {
    const taken = Math.min(left, n);
    left -= taken;
    return taken;
  };
  const fair = sizes.map((size) => take(Math.min(size, FAIR_SHARE)));
  return fair.map((taken, i) => taken + take((sizes[i] ?? 0) - taken));
}

function worstFirst(a: readonly Finding[], b: readonly Finding[]): number {
  const [first, second] = [a[0], b[0]];
  if (first === undefined || second === undefined) return 0;
  return (
    severityRank(second.severity) - severityRank(first.severity) ||
    b.length - a.length ||
    compare(first.ruleId, second.ruleId)
  );
}

function byPlace(a: Finding, b: Finding): number {
  return (
    compare(a.file, b.file) ||
    compare(a.member ?? '', b.member ?? '') ||
    (a.offset ?? a.line ?? 0) - (b.offset ?? b.line ?? 0) ||
    compare(a.fingerprint, b.fingerprint)
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
