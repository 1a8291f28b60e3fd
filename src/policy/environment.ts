/** The environment in which the artifact will be used, for rules about the place and not the artifact. */
export interface Environment {
  /** `staging`, `production`, ... */
  readonly stage?: string;
  readonly labels?: Readonly<Record<string, string>>;
}
