import type { RegistryFlags } from '../../../client/index.ts';
import type { Stage } from '../../../registry/index.ts';
import type { AnswerFlags } from '../../options/index.ts';

/** The checked request of the command line. */
export interface PromoteRequest extends AnswerFlags {
  readonly artifact: string;
  readonly registry: RegistryFlags;
  readonly stage: (typeof PROMOTION_STAGES)[number];
  readonly comment: string;
  readonly model: string | undefined;
  readonly report: string | undefined;
  readonly allow: string | undefined;
  /** Files of attested tests. */
  readonly attestation: readonly string[];
}

/** What may be asked for. */
export const PROMOTION_STAGES = ['candidate', 'staging', 'production', 'retired'] as const satisfies readonly Stage[];
