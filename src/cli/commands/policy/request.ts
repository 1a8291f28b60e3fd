import type { EnvironmentFlags } from '../../options/index.ts';

export interface ExplainFlags extends EnvironmentFlags {
  readonly report?: string;
  readonly policy: string;
  readonly view: boolean;
  readonly format: string;
  readonly color: boolean;
}
