/** What one file can say of its model. `savedFrom`: the name or path that the model was loaded from before it was saved. */
export type Fact =
  | 'licences'
  | 'licenceName'
  | 'baseModels'
  | 'baseRelation'
  | 'datasets'
  | 'library'
  | 'task'
  | 'languages'
  | 'tags'
  | 'architectures'
  | 'modelType'
  | 'savedFrom';

/** Values of one fact that are kept, and UTF-16 units of a value (CWE-770: their number and length are the artifact's choice). */
export const MAX_FACT_VALUES = 100;
export const MAX_VALUE_LENGTH = 500;

const NO_VALUE: ReadonlySet<string> = new Set(['', '~', 'null', 'Null', 'NULL', 'none', 'None']);

/** Code that a loader would import. */
export interface CodeReference {
  /** As written: `module.Class`, `owner/model--module.Class`. */
  readonly text: string;
  /** The repository that it names; `null` for the model's own. */
  readonly repo: string | null;
  /** Path of the module in its repository, without `.py`. */
  readonly module: string;
  /** It is code only when the artifact has the module: otherwise it names an installed library. */
  readonly ifPresent: boolean;
}

/** The same once it was read. */
export interface ToldFacts {
  readonly code: readonly CodeReference[];
  readonly trustsCode: boolean;
  readonly values: Readonly<Partial<Record<Fact, readonly string[]>>>;
}

/** What one file declares, as data: bounded, deduplicated, in the order of the file. */
export class Facts {
  readonly code: CodeReference[] = [];
  /** `trust_remote_code` is set. */
  trustsCode = false;
  /** Values that were too long or too many to keep. */
  dropped = 0;
  readonly #values = new Map<Fact, string[]>();

  told(): ToldFacts {
    return { code: this.code, trustsCode: this.trustsCode, values: Object.fromEntries(this.#values) };
  }

  values(fact: Fact): readonly string[] {
    return this.#values.get(fact) ?? [];
  }

  add(fact: Fact, text: string): void {
    const value = text.trim();
    const known = this.#values.get(fact) ?? [];
    if (NO_VALUE.has(value) || known.includes(value)) return;
    if (value.length > MAX_VALUE_LENGTH || known.length >= MAX_FACT_VALUES) this.dropped++;
    else this.#values.set(fact, [...known, value]);
  }

  /**
   * Transformers reads what stands before `--` as the repository to fetch the module from.
   * @param folder of the file that says so, ending in `/`; empty for the root
   */
  addCode(text: string, folder = '', ifPresent = false): void {
    if (NO_VALUE.has(text) || this.code.some((known) => known.text === text)) return;
    if (text.length > MAX_VALUE_LENGTH || this.code.length >= MAX_FACT_VALUES) {
      this.dropped++;
      return;
    }
    const cut = text.indexOf('--');
    const repo = cut < 0 ? null : text.slice(0, cut);
    const name = cut < 0 ? text : text.slice(cut + 2);
    const dot = name.lastIndexOf('.');
    const module = (dot < 0 ? name : name.slice(0, dot)).replaceAll('.', '/');
    this.code.push({
      text,
      repo,
      module: repo === null ? folder + module : module,
      ifPresent: ifPresent && repo === null,
    });
  }
}
