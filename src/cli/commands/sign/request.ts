import type { HashAlgorithm } from '../../../integrity/hash/index.ts';
import type { SigningChoice } from '../../options/index.ts';

/** The checked request of the command line. */
export interface SignRequest extends SigningChoice {
  readonly artifact: string;
  readonly signature?: string;
  readonly ignore: readonly string[];
  readonly hash: HashAlgorithm;
  readonly allowSymlinks: boolean;
  readonly coverAll: boolean;
  readonly quiet: boolean;
}
