import type { RequiredSuite } from '../core/behavior/index.ts';

/** The environment in which the artifact will be used, for rules about the place and not the artifact. */
export interface Environment {
  /** `staging`, `production`, ... */
  readonly stage?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** The suite of tests that the organisation asks of the model; absent or `null` for none. */
  readonly suite?: RequiredSuite | null;
}
