import type { TrustChoice } from '../../../pipeline/judging/index.ts';

export interface VerifyFlags extends TrustChoice {
  readonly format: string;
  readonly output?: string;
  readonly allowPartial: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly color: boolean;
  readonly offline: boolean;
}
