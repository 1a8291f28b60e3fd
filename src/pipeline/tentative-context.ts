import type { Check } from '../core/assessment/index.ts';
import type { ByteSource } from '../core/bytes/index.ts';
import type { FileBudget, Limits } from '../core/index.ts';
import type { LoaderSet } from '../formats/pickle/index.ts';
import type { GlobalPolicy } from '../scan/lists/index.ts';
import type { MemberOptions, MemberResult, NameRule, Report, ScanContext } from '../scan/scanner/index.ts';

/** A reason that is a limit names the limit: code beyond it may act. */
const NAMES_LIMIT = /\(max[A-Z]\w+\)/;
/** Harmless bytes cause few reports; reports beyond this number are dropped until the reading acts. */
const MAX_HELD = 1_000;

/**
 * Holds back the reports about bytes of another format that are read as a pickle, until that reading acts, since loaders refuse
 * most bytes at once. The bytes stay covered by their own format.
 */
export class TentativeContext implements ScanContext {
  readonly limits: Limits;
  readonly signal: AbortSignal | undefined;
  readonly globals: GlobalPolicy;
  readonly budget: FileBudget;
  readonly names: NameRule;
  readonly #outer: ScanContext;
  /** `undefined` once the reading has acted. */
  #held: (() => void)[] | undefined = [];

  constructor(outer: ScanContext) {
    this.limits = outer.limits;
    this.signal = outer.signal;
    this.globals = outer.globals;
    this.budget = outer.budget;
    this.names = outer.names;
    this.#outer = outer;
  }

  get acted(): boolean {
    return this.#held === undefined;
  }

  acts(loaders: LoaderSet): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    this.#outer.acts(loaders);
    for (const say of held) say();
  }

  #say(say: () => void): void {
    if (this.#held === undefined) say();
    else if (this.#held.length < MAX_HELD) this.#held.push(say);
  }

  report(report: Report): void {
    this.#say(() => this.#outer.report(report));
  }

  imported(name: string, loaders: LoaderSet): void {
    this.#say(() => this.#outer.imported(name, loaders));
  }

  incomplete(reason: string, loaders?: LoaderSet): void {
    if (NAMES_LIMIT.test(reason)) this.#outer.incomplete(reason, loaders);
    else this.#say(() => this.#outer.incomplete(reason, loaders));
  }

  notAssessed(check: Check): void {
    this.#say(() => this.#outer.notAssessed(check));
  }

  cover(): void {}

  identified(): void {}

  refersTo(): void {}

  lists(names: readonly string[]): void {
    this.#outer.lists(names);
  }

  tells(): void {}

  member(source: ByteSource, name: string, options?: MemberOptions): Promise<MemberResult> {
    return this.#outer.member(source, name, options);
  }
}
