import type { Paper } from '../../../report/html/index.ts';
import type { JudgingFlags } from '../../judging/index.ts';

/** The checked request of the command line. */
export interface ReviewRequest extends JudgingFlags {
  readonly target: string;
  readonly format: ReviewFormat;
  /** `undefined`: a file of its own name in the working folder, never over one that is there. */
  readonly output: string | undefined;
  readonly paper: Paper | undefined;
}

export type ReviewFormat = (typeof REVIEW_FORMATS)[number];

export const REVIEW_FORMATS = ['html', 'pdf'] as const;
