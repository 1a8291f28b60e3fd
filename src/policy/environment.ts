/** Where the artifact is to be used: what rules may ask of the place, not of the artifact. */
export interface Environment {
  /** `staging`, `production`, ... */
  readonly stage?: string;
  readonly labels?: Readonly<Record<string, string>>;
}
