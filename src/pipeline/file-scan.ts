import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import {
  type Check,
  Coverage,
  type Finding,
  fingerprint,
  type Reading,
  type Verdict,
  worseVerdict,
} from '../core/assessment/index.ts';
import type { ByteSource } from '../core/bytes/index.ts';
import { AssayError, FileBudget, isAssayError, isContentError, type Limits } from '../core/index.ts';
import {
  type Format,
  identifyFormat,
  isForReaders,
  isTextKind,
  probeNow,
  probeOf,
  refineText,
  UNKNOWN,
} from '../formats/index.ts';
import { isMedia } from '../formats/media/index.ts';
import { ANY_LOADER, type LoaderSet, PICKLE } from '../formats/pickle/index.ts';
import type { DeclaredLibrary } from '../scan/advisories/list/index.ts';
import { judgeExtension, POLYGLOT, SCANNERS } from '../scan/index.ts';
import type { GlobalPolicy } from '../scan/lists/index.ts';
import { pickleScanner } from '../scan/pickle/index.ts';
import type {
  FileFact,
  MemberOptions,
  MemberResult,
  NameRule,
  PlacedFact,
  ReferredBytes,
  Report,
  Rule,
  ScanContext,
  Scanner,
  ScanTarget,
} from '../scan/scanner/index.ts';
import { Readings } from './readings.ts';
import { TentativeContext } from './tentative-context.ts';

export type OnTarget = (
  target: ScanTarget,
  format: string,
  storedAt: number | undefined,
  findings: readonly Finding[],
) => Promise<void>;

export interface FileScanOptions {
  readonly path: string;
  readonly limits: Limits;
  readonly signal: AbortSignal;
  readonly globals: GlobalPolicy;
  readonly distance: 'near' | 'far';
  /** The budget of the file; made from its limits when absent. Closed at the end. */
  readonly budget?: FileBudget;
  /** Called with the name of every member, so that a file in an archive can void a listed global. */
  onNames(names: readonly string[]): void;
  /**
   * Called with every target after its scan, still open, with its format, the offset of its stored bytes in its container, and
   * its findings; members before containers.
   */
  readonly onTarget?: OnTarget | undefined;
}

/** The result of the scanners for one file. */
export interface FileScanResult {
  readonly format: string;
  readonly verdict: Verdict;
  readonly findings: readonly Finding[];
  readonly checks: readonly Check[];
  readonly imports: readonly string[];
  readonly readings: readonly Reading[];
  readonly reasons: readonly string[];
  readonly refers: readonly ReferredBytes[];
  readonly code: readonly PlacedFact[];
  readonly coverage: Coverage;
  /** Libraries that the file declares. */
  readonly libraries: readonly DeclaredLibrary[];
}

/** CWE-770: facts about code in one file and its members. */
const MAX_FACTS = 10_000;
const TURN_MS = 50;
/** Bytes of a file that is searched for secrets wherever they stand, between tensors too. */
const MAX_WHOLE_SEARCH = 1024 * 1024;

const scannersByFormat = new Map<string, Scanner[]>();
for (const scanner of SCANNERS) {
  for (const format of scanner.formats)
    scannersByFormat.set(format, [...(scannersByFormat.get(format) ?? []), scanner]);
}

/**
 * Scans one opened file and everything in it. Does not close it.
 * @throws AssayError what reading throws (`changed`, `network`, `unreadable`, `mismatch`), `aborted`, `internal`; bytes that
 *   cannot be understood are not an error but the verdict `unknown`.
 */
export async function scanSource(source: ByteSource, options: FileScanOptions): Promise<FileScanResult> {
  const { budget = new FileBudget(options.limits, source.size) } = options;
  const scan = new FileScan(options, budget);
  const coverage = new Coverage();
  try {
    const format = await scan.target(source, undefined, coverage, {}, 0);
    return scan.result(format, coverage);
  } finally {
    budget.close();
  }
}

class FileScan {
  readonly #options: FileScanOptions;
  readonly #budget: FileBudget;
  readonly #findings = new Map<string, Finding>();
  readonly #ids = new Map<string, string>();
  readonly #checks = new Map<string, Check>();
  readonly #imports = new Set<string>();
  readonly #reasons = new Set<string>();
  readonly #refers: ReferredBytes[] = [];
  readonly #libraries: DeclaredLibrary[] = [];
  readonly #code: PlacedFact[] = [];
  readonly #readings = new Readings();
  #verdict: Verdict = 'clean';
  #dropped = 0;
  #last: { readonly rule: Rule; readonly subject: string; readonly target: ScanTarget } | undefined;
  #turned = performance.now();

  constructor(options: FileScanOptions, budget: FileBudget) {
    this.#options = options;
    this.#budget = budget;
  }

  result(format: string, coverage: Coverage): FileScanResult {
    if (this.#dropped > 0) this.#reasons.add(`${this.#dropped} more findings were not kept (maxFindings)`);
    return {
      format,
      verdict: this.#verdict,
      findings: [...this.#findings.values()],
      checks: [...this.#checks.values()],
      imports: [...this.#imports].sort(),
      readings: this.#readings.list(),
      reasons: [...this.#reasons],
      refers: this.#refers,
      code: this.#code,
      coverage,
      libraries: this.#libraries,
    };
  }

  /** Scans a file or a member; the format it turned out to be of. */
  async target(
    source: ByteSource,
    member: string | undefined,
    coverage: Coverage,
    options: MemberOptions,
    depth: number,
  ): Promise<string> {
    const probe = probeNow(source) ?? (await probeOf(source));
    const name = member ?? this.#options.path;
    const format = refineText(name, identifyFormat(probe, isForReaders(name)) ?? UNKNOWN);
    const { path: file, distance } = this.#options;
    const target: ScanTarget = {
      source,
      format,
      file,
      depth,
      loaders: options.loaders ?? ANY_LOADER,
      distance,
      ...(member === undefined ? {} : { member }),
      ...(options.within === undefined ? {} : { within: options.within }),
      ...(options.records === undefined ? {} : { records: options.records }),
    };
    const context = new TargetContext(this, target, coverage, this.#options, this.#budget);
    await this.#run(target, context);
    const lie = format === UNKNOWN ? undefined : judgeExtension(name, format);
    if (lie !== undefined) context.report(lie);
    await this.#guard(context, () => this.#searchIndicators(target, context, coverage));
    this.#checkGaps(coverage, source.size, member);
    await this.#options.onTarget?.(target, context.format, options.storedAt, this.#foundIn(member));
    return context.format;
  }

  #foundIn(member: string | undefined): Finding[] {
    return [...this.#findings.values()].filter((finding) => finding.member === member);
  }

  async #run(target: ScanTarget, context: TargetContext): Promise<void> {
    const scanners = scannersByFormat.get(target.format.id);
    if (performance.now() - this.#turned >= TURN_MS) await this.#yieldToEventLoop();
    if (scanners === undefined) context.notAssessed(unjudged(target.format));
    for (const scanner of scanners ?? []) await this.#guard(context, () => scanner.scanFile(target, context));
    // Bytes of another format may run as a pickle as well, for a loader that does not look at the format.
    if (target.format.id !== PICKLE.id) await this.#guard(context, () => this.#readAsPickle(target, context));
  }

  /** Bytes in memory are scanned without waiting for anything: the clock and signals need a turn now and then. */
  async #yieldToEventLoop(): Promise<void> {
    await yieldToEventLoop();
    this.#turned = performance.now();
  }

  async #readAsPickle(target: ScanTarget, context: TargetContext): Promise<void> {
    const tentative = new TentativeContext(context);
    await this.#guard(tentative, () => pickleScanner.scanFile({ ...target, format: PICKLE }, tentative));
    if (!tentative.acted) return;
    if (isTextKind(target.format) || target.format === UNKNOWN) {
      if (context.names !== 'known') context.identified(PICKLE.id);
      return;
    }
    context.report({
      rule: POLYGLOT,
      message: `these bytes are ${target.format.title} and also a pickle`,
      subject: target.format.id,
    });
  }

  /** What was read as structure or text, and small files as a whole; members are searched by themselves. */
  async #searchIndicators(target: ScanTarget, context: TargetContext, coverage: Coverage): Promise<void> {
    const { source, distance } = target;
    const whole = distance === 'near' && source.size <= MAX_WHOLE_SEARCH;
    const read = whole ? [{ start: 0, end: source.size }] : coverage.ranges().filter(({ kind }) => kind === 'parsed');
    const ranges = without(read, context.adopted);
    if (ranges.length === 0) return;
    const { searchIndicators } = await import('../scan/indicators/index.ts');
    this.#libraries.push(...(await searchIndicators(target, ranges, context)));
  }

  async #guard(context: Pick<ScanContext, 'incomplete'>, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (caught) {
      // Out of time is a limit like any other: findings before it counts.
      const error = isAssayError(caught) && caught.code === 'aborted' ? caught.cause : caught;
      if (!isContentError(error)) throw caught;
      const at = error.offset === undefined ? '' : ` at byte ${error.offset}`;
      context.incomplete(`${error.message}${at}`);
    }
  }

  #checkGaps(coverage: Coverage, size: number, member: string | undefined): void {
    const gaps = coverage.gaps(size);
    const [first] = gaps;
    if (first === undefined || this.#verdict === 'unknown') return;
    const bytes = gaps.reduce((sum, gap) => sum + gap.end - gap.start, 0);
    this.incomplete(`${bytes} bytes were not read, the first of them at ${first.start}`, member);
  }

  report(report: Report, target: ScanTarget): void {
    const { rule, subject, evidence } = report;
    const last = this.#last;
    if (rule.verdict !== 'none') this.#readings.say(rule.verdict, report.loaders);
    if (evidence === undefined && last?.rule === rule && last.subject === subject && last.target === target) return;
    this.#last = { rule, subject, target };
    if (rule.verdict !== 'none') this.#verdict = worseVerdict(this.#verdict, rule.verdict);
    const id = this.#idOf(rule.id, target, report.subject);
    if (id === undefined) {
      this.#dropped++;
      return;
    }
    const known = this.#findings.get(id);
    // The same subject again: keep the first place, and the evidence that says more.
    if (known !== undefined && (known.evidence?.length ?? 0) >= (report.evidence?.length ?? 0)) return;
    this.#findings.set(id, findingOf(report, target, id, known));
  }

  /** The fingerprint of a finding that is kept or may be kept: a stream may cause a million findings. */
  #idOf(ruleId: string, { file, member = '' }: ScanTarget, subject: string): string | undefined {
    const key = `${ruleId}\n${member.length}\n${member}${subject}`;
    const known = this.#ids.get(key);
    if (known !== undefined || this.#findings.size >= this.#options.limits.maxFindings) return known;
    const id = fingerprint(ruleId, file, member, subject);
    this.#ids.set(key, id);
    return id;
  }

  incomplete(reason: string, member: string | undefined, loaders?: LoaderSet): void {
    this.#readings.say('unknown', loaders);
    this.#verdict = worseVerdict(this.#verdict, 'unknown');
    if (this.#reasons.size < 100) this.#reasons.add(member === undefined ? reason : `${member}: ${reason}`);
  }

  notAssessed(check: Check, member: string | undefined): void {
    this.#readings.say('not-assessed', undefined);
    this.#verdict = worseVerdict(this.#verdict, 'not-assessed');
    this.#checks.set(check.id, check);
    if (this.#reasons.size < 100) this.#reasons.add(member === undefined ? check.detail : `${member}: ${check.detail}`);
  }

  refersTo(bytes: ReferredBytes): void {
    this.#refers.push(bytes);
  }

  tells(fact: FileFact, member: string | undefined): void {
    if (this.#code.length < MAX_FACTS) this.#code.push({ member, fact });
    else this.incomplete(`tells more than ${MAX_FACTS} facts of code or tensors`, member);
  }

  imported(name: string, loaders: LoaderSet): void {
    this.#imports.add(name);
    this.#readings.imports(name, loaders);
  }

  reaches(loaders: LoaderSet): void {
    this.#readings.reaches(loaders);
  }
}

function findingOf(report: Report, target: ScanTarget, id: string, known: Finding | undefined): Finding {
  const { rule, message, offset, line, evidence } = report;
  const at = known?.offset ?? offset;
  return {
    ruleId: rule.id,
    severity: rule.severity,
    message,
    file: target.file,
    ...(target.member === undefined ? {} : { member: target.member }),
    ...(at === undefined ? {} : { offset: at }),
    ...(line === undefined ? {} : { line }),
    ...(evidence === undefined ? {} : { evidence }),
    owasp: rule.owasp,
    atlas: rule.atlas,
    cwe: rule.cwe,
    fingerprint: id,
  };
}

/** The context of the scanners of one target. */
class TargetContext implements ScanContext {
  readonly limits: Limits;
  readonly signal: AbortSignal;
  readonly globals: GlobalPolicy;
  readonly budget: FileBudget;
  /** As far as it is known. */
  format: string;
  readonly names: NameRule;
  /** Ranges of stored members. */
  readonly adopted: { readonly start: number; readonly end: number }[] = [];
  readonly #scan: FileScan;
  readonly #target: ScanTarget;
  readonly #coverage: Coverage;
  readonly #options: FileScanOptions;

  constructor(scan: FileScan, target: ScanTarget, coverage: Coverage, options: FileScanOptions, budget: FileBudget) {
    this.limits = options.limits;
    this.signal = options.signal;
    this.globals = options.globals;
    this.budget = budget;
    this.format = target.format.id;
    this.#scan = scan;
    this.#target = target;
    this.#coverage = coverage;
    this.#options = options;
    this.names = nameRuleOf(target);
    if (target.format.id === PICKLE.id) scan.reaches(target.loaders);
  }

  report(report: Report): void {
    const { size } = this.#target.source;
    // A structure that ends with the file was searched for beyond the end.
    const within = report.offset !== undefined && report.offset > size ? { ...report, offset: size } : report;
    this.#scan.report(within, this.#target);
  }

  cover(start: number, end: number, kind: 'parsed' | 'opaque', why?: string): void {
    this.#coverage.mark(start, Math.min(end, this.#target.source.size), kind, why);
  }

  incomplete(reason: string, loaders?: LoaderSet): void {
    this.#scan.incomplete(reason, this.#target.member, loaders);
  }

  notAssessed(check: Check): void {
    this.#scan.notAssessed(check, this.#target.member);
  }

  imported(name: string, loaders: LoaderSet): void {
    this.#scan.imported(name, loaders);
  }

  refersTo(bytes: ReferredBytes): void {
    this.#scan.refersTo(bytes);
  }

  tells(fact: FileFact): void {
    this.#scan.tells(fact, this.#target.member);
  }

  acts(): void {
    this.#scan.reaches(this.#target.loaders);
  }

  identified(formatId: string): void {
    this.format = formatId;
  }

  lists(names: readonly string[]): void {
    this.#options.onNames(names);
  }

  async member(source: ByteSource, name: string, options: MemberOptions = {}): Promise<MemberResult> {
    const { member: outer, depth } = this.#target;
    const path = outer === undefined ? name : `${outer}!${name}`;
    try {
      if (this.signal.aborted) throw new AssayError('aborted', 'stopped before the end', { cause: this.signal.reason });
      if (depth + 1 > this.limits.maxDepth) {
        this.#scan.incomplete(`is nested in more than ${this.limits.maxDepth} containers (maxDepth)`, path);
        return { format: UNKNOWN.id };
      }
      const coverage = new Coverage();
      const loaders = this.#target.loaders & (options.loaders ?? this.#target.loaders);
      const format = await this.#scan.target(source, path, coverage, { ...options, loaders }, depth + 1);
      if (options.storedAt !== undefined) {
        this.#adopt(coverage, options.storedAt);
        this.adopted.push({ start: options.storedAt, end: options.storedAt + source.size });
      }
      return { format };
    } finally {
      await source.close();
    }
  }

  /** Bytes read of a stored member count as read of this target. */
  #adopt(coverage: Coverage, start: number): void {
    for (const range of coverage.ranges())
      this.#coverage.mark(start + range.start, start + range.end, range.kind, range.why);
  }
}

function nameRuleOf({ format, file, member }: ScanTarget): NameRule {
  if ((isTextKind(format) || isMedia(format)) && isForReaders(member ?? file)) return 'known';
  return format === PICKLE ? 'any' : 'identifiers';
}

function unjudged(format: Format): Check {
  return {
    id: `format.${format.id}.scan`,
    status: 'not-assessed',
    detail: `${format.title}: no scanner judges this format yet`,
  };
}

/** Sorted and disjoint ranges, without those that are taken out of them. */
function without<T extends { readonly start: number; readonly end: number }>(
  ranges: readonly T[],
  taken: readonly { readonly start: number; readonly end: number }[],
): { readonly start: number; readonly end: number }[] {
  if (taken.length === 0) return [...ranges];
  const out = [...taken].sort((a, b) => a.start - b.start);
  const left: { readonly start: number; readonly end: number }[] = [];
  let next = 0;
  for (const { start, end } of ranges) {
    let at = start;
    while ((out[next]?.end ?? Number.POSITIVE_INFINITY) <= at) next++;
    for (let i = next; (out[i]?.start ?? end) < end; i++) {
      const { start: from, end: to } = out[i] ?? { start: end, end };
      if (from > at) left.push({ start: at, end: from });
      at = Math.max(at, to);
    }
    if (at < end) left.push({ start: at, end });
  }
  return left;
}
