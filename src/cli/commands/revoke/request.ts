import type { RegistryFlags } from '../../../client/index.ts';
import type { Stage } from '../../../registry/index.ts';
import type { AnswerFlags } from '../../options/index.ts';

/** The checked request of the command line. */
export interface RevokeRequest extends AnswerFlags {
  /** The id of an approval, or a version of which all approvals are meant. */
  readonly what: string;
  readonly registry: RegistryFlags;
  readonly stage: Stage | undefined;
  readonly reason: string;
  readonly model: string | undefined;
  /** The id is that of a run of tests. */
  readonly run: boolean;
  /** `what` is an approval of a container image, or its digest. */
  readonly image: boolean;
}
