import type { RegistryFlags } from '../../../client/index.ts';
import type { Role, Stage } from '../../../registry/index.ts';
import type { SigningChoice } from '../../options/index.ts';

/** The checked request of the command line. */
export interface ApproveRequest {
  readonly artifact: string;
  readonly registry: RegistryFlags;
  readonly stage: (typeof APPROVABLE_STAGES)[number];
  /** `undefined`: the service signs for the user of the token. */
  readonly signing: SigningChoice | undefined;
  readonly role: Role | undefined;
  readonly until: string | undefined;
  readonly comment: string;
  readonly model: string | undefined;
  readonly report: string | undefined;
  readonly allow: string | undefined;
  /** Files of attested tests. */
  readonly attestation: readonly string[];
  readonly yes: boolean;
  readonly format: 'table' | 'json';
  readonly output: string | undefined;
  readonly quiet: boolean;
  readonly offline: boolean;
  readonly color: boolean;
}

export const APPROVABLE_STAGES = ['candidate', 'staging', 'production'] as const satisfies readonly Stage[];
