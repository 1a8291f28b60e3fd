import type { RegistryFlags } from '../../../client/index.ts';
import type { AnswerFlags } from '../../options/index.ts';

/** The checked request of the command line. */
export interface QuarantineRequest extends AnswerFlags {
  readonly artifact: string;
  readonly registry: RegistryFlags;
  readonly reason: string;
}
