import { LOADERS, type Loader, type Reading, type Verdict, worseVerdict } from '../core/assessment/index.ts';
import { type LoaderSet, loadersOf, NOBODY } from '../formats/pickle/index.ts';

interface Heard {
  verdict: Verdict;
  readonly imports: Set<string>;
}

/** Collects the reports about readings of one file, and makes its readings. */
export class Readings {
  readonly #heard = new Map<Loader, Heard>();
  /** Reports that concern every loader. */
  #common: Verdict = 'clean';
  /** The loaders that open the file as it is, and reach a pickle in it. */
  #direct: LoaderSet = NOBODY;
  #any = false;

  /** A pickle is read that these loaders reach by themselves. */
  reaches(loaders: LoaderSet): void {
    this.#any = true;
    this.#direct |= loaders;
  }

  say(verdict: Verdict, loaders: LoaderSet | undefined): void {
    if (loaders === undefined) this.#common = worseVerdict(this.#common, verdict);
    else
      for (const loader of loadersOf(loaders))
        this.#of(loader).verdict = worseVerdict(this.#of(loader).verdict, verdict);
  }

  imports(name: string, loaders: LoaderSet): void {
    for (const loader of loadersOf(loaders)) this.#of(loader).imports.add(name);
  }

  /**
   * One reading for each loader that reaches the pickles by itself, and for each other loader whose verdict on the extracted
   * content is worse.
   */
  list(): Reading[] {
    if (!this.#any) return [];
    const direct = loadersOf(this.#direct);
    const worst = direct.reduce<Verdict>((verdict, loader) => worseVerdict(verdict, this.#verdictOf(loader)), 'clean');
    return LOADERS.filter((loader) => direct.includes(loader) || this.#isWorse(loader, direct.length > 0, worst)).map(
      (loader) => ({
        loader,
        verdict: this.#verdictOf(loader),
        imports: [...(this.#heard.get(loader)?.imports ?? [])].sort(),
      }),
    );
  }

  #isWorse(loader: Loader, some: boolean, than: Verdict): boolean {
    if (!this.#heard.has(loader)) return false;
    const verdict = this.#verdictOf(loader);
    return !some || (verdict !== than && worseVerdict(verdict, than) === verdict);
  }

  #verdictOf(loader: Loader): Verdict {
    return worseVerdict(this.#common, this.#heard.get(loader)?.verdict ?? 'clean');
  }

  #of(loader: Loader): Heard {
    const heard = this.#heard.get(loader) ?? { verdict: 'clean' as const, imports: new Set<string>() };
    this.#heard.set(loader, heard);
    return heard;
  }
}
