import type { RegistryFlags } from '../../../client/index.ts';
import type { Role } from '../../../registry/index.ts';
import type { AnswerFlags } from '../../options/index.ts';

/** What was asked on the command line, checked. */
export interface RejectRequest extends AnswerFlags {
  readonly artifact: string;
  readonly registry: RegistryFlags;
  readonly role: Role | undefined;
  readonly comment: string;
  readonly model: string | undefined;
}
