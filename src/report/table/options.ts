/** What makes a suspicious file clean, as far as that is known. */
export type AllowanceAdvice =
  | { readonly kind: 'entries'; readonly entries: readonly SuggestedAllowance[] }
  /** An organisation cannot allow this name: it `why`. */
  | { readonly kind: 'refused'; readonly name: string; readonly why: string }
  /** With its names allowed, it is not clean either. */
  | { readonly kind: 'insufficient'; readonly because: string };

/** An entry of an allowance file that was tried, with the uses that the file needs. */
export interface SuggestedAllowance {
  readonly module: string;
  readonly name: string;
  readonly uses: readonly string[];
}

export interface TableOptions {
  /** Columns. */
  readonly width: number;
  readonly color: boolean;
  /** Lists clean files, every finding, every check. */
  readonly verbose: boolean;
  /** The decision alone. */
  readonly quiet: boolean;
  /** Of the suspicious files for which it was found out, by path. */
  readonly advice?: ReadonlyMap<string, AllowanceAdvice> | undefined;
  /** Whether the ruleset lists a global, "module.name" as Python 3 has it. */
  readonly isListed: (name: string) => boolean;
  /** What a command must be given to open a file of the artifact again. */
  readonly reopen: (file: string) => string;
}
