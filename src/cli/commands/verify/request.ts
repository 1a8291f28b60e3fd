import type { TrustFlags } from '../../options/index.ts';

export interface VerifyFlags extends TrustFlags {
  readonly format: string;
  readonly output?: string;
  readonly allowPartial: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly color: boolean;
  readonly offline: boolean;
}
