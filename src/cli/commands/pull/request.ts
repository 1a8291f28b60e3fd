import type { JudgingFlags } from '../../judging/index.ts';

/** The checked request of the command line. */
export interface PullRequest extends Omit<JudgingFlags, 'offline'> {
  readonly ref: string;
  /** The Hugging Face cache to write into, in place of the environment's. */
  readonly cache: string | undefined;
  /** What the bytes were decided on by: `sha256:<hex>`. */
  readonly expect: string | undefined;
  readonly verbose: boolean;
  readonly color: boolean;
}
