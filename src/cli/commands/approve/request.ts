import type { RegistryFlags } from '../../../client/index.ts';
import type { ImageRole } from '../../../core/image/index.ts';
import { AssayError } from '../../../core/index.ts';
import { parseTime } from '../../../integrity/statements/index.ts';
import type { Role, Stage } from '../../../registry/index.ts';
import type { SigningChoice } from '../../options/index.ts';

interface CommonRequest {
  readonly artifact: string;
  readonly registry: RegistryFlags;
  /** `undefined`: the service signs for the user of the token. */
  readonly signing: SigningChoice | undefined;
  readonly until: string | undefined;
  readonly comment: string;
  readonly yes: boolean;
  readonly format: 'table' | 'json';
  readonly output: string | undefined;
  readonly quiet: boolean;
  readonly offline: boolean;
  readonly color: boolean;
}

/** Approve a version of a model for a stage. */
export interface ModelApproveRequest extends CommonRequest {
  readonly kind: 'model';
  readonly stage: (typeof APPROVABLE_STAGES)[number];
  readonly role: Role | undefined;
  readonly model: string | undefined;
  readonly report: string | undefined;
  readonly allow: string | undefined;
  /** Files of attested tests. */
  readonly attestation: readonly string[];
}

/** Approve a container image: it may run, or it also loads only what it holds. */
export interface ImageApproveRequest extends CommonRequest {
  readonly kind: 'image';
  readonly as: ImageRole;
}

/** The checked request of the command line. */
export type ApproveRequest = ModelApproveRequest | ImageApproveRequest;

export const APPROVABLE_STAGES = ['candidate', 'staging', 'production'] as const satisfies readonly Stage[];

/** The end of an approval. @throws AssayError `usage` for what is not a time in the future */
export function untilOf(text: string): Date {
  const time = parseTime(text);
  const hint = 'write it in UTC: 2027-01-31T00:00:00Z';
  if (time === undefined) throw new AssayError('usage', 'is not a time', { subject: `--until ${text}`, hint });
  if (time > Date.now()) return new Date(time);
  throw new AssayError('usage', 'is past', { subject: `--until ${text}`, hint: 'give a time in the future' });
}
