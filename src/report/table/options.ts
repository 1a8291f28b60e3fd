export interface TableOptions {
  /** Columns. */
  readonly width: number;
  readonly color: boolean;
  /** Lists clean files, every finding, every check. */
  readonly verbose: boolean;
  /** The decision alone. */
  readonly quiet: boolean;
  /** Whether the ruleset lists a global, "module.name" as Python 3 has it. */
  readonly isListed: (name: string) => boolean;
  /** What a command must be given to open a file of the artifact again. */
  readonly reopen: (file: string) => string;
}
