import type { RegistryFlags } from '../../../client/index.ts';
import type { Role } from '../../../registry/index.ts';
import type { AnswerFlags } from '../../options/index.ts';

/** The checked request of the command line. */
export interface RejectRequest extends AnswerFlags {
  readonly artifact: string;
  readonly registry: RegistryFlags;
  readonly role: Role | undefined;
  readonly comment: string;
  readonly model: string | undefined;
}
