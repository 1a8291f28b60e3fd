import type { Check } from '../../src/core/assessment/check.ts';
import { Coverage, type CoverageKind } from '../../src/core/assessment/coverage.ts';
import { type Verdict, worseVerdict } from '../../src/core/assessment/verdict.ts';
import { FileBudget } from '../../src/core/budget.ts';
import type { ByteSource } from '../../src/core/bytes/byte-source.ts';
import { DEFAULT_LIMITS, type Limits } from '../../src/core/limits.ts';
import { createGlobalPolicy } from '../../src/scan/lists/globals.ts';
import type { FileFact } from '../../src/scan/scanner/code-facts.ts';
import type {
  MemberOptions,
  MemberResult,
  ReferredBytes,
  Report,
  ScanContext,
} from '../../src/scan/scanner/scanner.ts';

export interface FakeMember {
  readonly name: string;
  readonly size: number;
  readonly bytes: Uint8Array;
  readonly options: MemberOptions | undefined;
}

/** Records the output of a scanner; members are kept, and scanned only by `onMember`. */
export interface FakeContext extends ScanContext {
  readonly reports: Report[];
  readonly coverage: Coverage;
  readonly reasons: string[];
  readonly checks: Check[];
  readonly imports: Set<string>;
  readonly members: FakeMember[];
  readonly listed: string[];
  readonly referred: ReferredBytes[];
  readonly facts: FileFact[];
  format: string | undefined;
  /** The pipeline's result; the coverage of stored members counts as given. */
  verdict(size: number): Verdict;
  ruleIds(): string[];
}

export interface FakeOptions {
  readonly limits?: Partial<Limits>;
  /** The size from which the work budget is computed; unlimited when absent. */
  readonly size?: number;
  readonly globals?: ScanContext['globals'];
  readonly onMember?: (source: ByteSource, name: string, options: MemberOptions | undefined) => Promise<MemberResult>;
}

/** The bytes of a member that are kept for the test. */
const KEPT = 1024 * 1024;

export function fakeContext(options: FakeOptions = {}): FakeContext {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const context: FakeContext = {
    limits,
    signal: undefined,
    globals: options.globals ?? createGlobalPolicy(),
    budget: new FileBudget(limits, options.size ?? Number.MAX_SAFE_INTEGER),
    reports: [],
    coverage: new Coverage(),
    reasons: [],
    checks: [],
    imports: new Set(),
    members: [],
    listed: [],
    referred: [],
    facts: [],
    format: undefined,
    names: 'any',
    acts: () => undefined,
    report: (report) => void context.reports.push(report),
    cover: (start: number, end: number, kind: CoverageKind, why?: string) =>
      context.coverage.mark(start, end, kind, why),
    incomplete: (reason) => void context.reasons.push(reason),
    notAssessed: (check) => void context.checks.push(check),
    imported: (name) => void context.imports.add(name),
    identified: (id) => {
      context.format = id;
    },
    refersTo: (bytes) => void context.referred.push(bytes),
    lists: (names) => void context.listed.push(...names),
    tells: (fact) => void context.facts.push(fact),
    async member(source, name, memberOptions) {
      try {
        const bytes = await source.read(0, Math.min(source.size, KEPT));
        context.members.push({ name, size: source.size, bytes, options: memberOptions });
        const at = memberOptions?.storedAt;
        if (at !== undefined) context.coverage.mark(at, at + source.size, 'parsed');
        return (await options.onMember?.(source, name, memberOptions)) ?? { format: 'unknown' };
      } finally {
        await source.close();
      }
    },
    verdict(size) {
      let verdict: Verdict = context.checks.length > 0 ? 'not-assessed' : 'clean';
      for (const { rule } of context.reports)
        if (rule.verdict !== 'none') verdict = worseVerdict(verdict, rule.verdict);
      const unread = context.coverage.gaps(size).length > 0;
      return context.reasons.length > 0 || unread ? worseVerdict(verdict, 'unknown') : verdict;
    },
    ruleIds: () => context.reports.map((report) => report.rule.id),
  };
  return context;
}
