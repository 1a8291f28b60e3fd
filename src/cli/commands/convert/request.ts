import type { ConversionTarget } from '../../../core/conversion/index.ts';
import type { VerifyRequest } from '../../../pipeline/convert/index.ts';
import type { RulesetChoice } from '../../../pipeline/index.ts';
import type { SigningChoice } from '../../options/index.ts';

/** What `assay convert` is asked for. */
export interface ConvertRequest {
  readonly artifact: string;
  readonly target: ConversionTarget;
  readonly output: string;
  readonly report: string | undefined;
  readonly verify: VerifyRequest | undefined;
  readonly sandbox: { readonly python?: string; readonly code: readonly string[] } | undefined;
  /** How to sign what was converted; `undefined`: nothing is signed. */
  readonly signing: SigningChoice | undefined;
  /** The shape of the input without the batch. */
  readonly inputShape: readonly number[] | undefined;
  readonly salvage: boolean;
  readonly acceptSuspicious: boolean;
  readonly allow: string | undefined;
  readonly ruleset: RulesetChoice;
  readonly quiet: boolean;
  readonly verbose: boolean;
}
