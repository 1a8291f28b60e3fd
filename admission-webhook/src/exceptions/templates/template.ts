import type { ToldPattern } from '../../../../src/workload/posture/exceptions/index.ts';

/**
 * What a released operator or chart tells the containers that it makes. Texts may have holes, and parameters `{=name}`, which an
 * exception fills with exact text.
 */
export interface ExceptionTemplate {
  readonly id: string;
  /** The release that was rendered. */
  readonly release: string;
  /** What these containers may load all the same: a person who uses the template accepts it. */
  readonly accepts: string;
  readonly told: readonly ToldPattern[];
}
