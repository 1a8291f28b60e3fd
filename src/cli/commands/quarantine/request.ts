import type { RegistryFlags } from '../../../client/index.ts';
import type { AnswerFlags } from '../../options/index.ts';

/** What was asked on the command line, checked. */
export interface QuarantineRequest extends AnswerFlags {
  readonly artifact: string;
  readonly registry: RegistryFlags;
  readonly reason: string;
}
