import { createHash } from 'node:crypto';
import type { Seal } from '../audit-chain/index.ts';

/** A place in the audit log. */
export interface ChainHead {
  readonly seq: number;
  readonly hash: string;
}

/** Why no name of the same bytes may run. */
export interface Bar {
  /** `model@number` */
  readonly label: string;
  readonly kind: 'quarantined' | 'revoked' | 'denied';
  /** `null`: every stage. */
  readonly stage: string | null;
  readonly reason: string;
}

/** A version as the log describes it. */
export interface ToldVersion {
  readonly label: string;
  readonly digest: string;
  /** Pinned references by which its bytes were read. */
  readonly refs: readonly string[];
  /** Why it is quarantined. */
  readonly quarantined: string | null;
  /** Stages that it was approved for, since it was last released. */
  readonly approved: readonly string[];
  /** Stages whose approval was revoked and not given again, and why. */
  readonly revoked: readonly { readonly stage: string; readonly reason: string }[];
  readonly seal: Seal | null;
  /** What its newest assessment was made by, when a worker made it; `null`: it was not, or by an earlier version. */
  readonly scan: ToldScan | null;
  /** The entry that holds its seal, or registered it. */
  readonly seq: number;
}

/** The scan behind an assessment. */
export interface ToldScan {
  readonly job: string;
  /** Of the program, its rules and options. */
  readonly key: string;
  readonly at: string;
}

/** The parts of a row of a token that decide who it lets in. */
export interface TokenRecord {
  readonly id: string;
  readonly roles: string;
  readonly hash: string;
  readonly creator_key: string;
  readonly owner_key: string | null;
  readonly expires_at: string | null;
}

/** What the log holds of a token's secret, its maker and its end: hex SHA-256, from which the secret cannot be found. */
export function proofOfToken({ hash, creator_key, owner_key, expires_at }: TokenRecord): string {
  return createHash('sha256')
    .update(`assay token\n${hash}\n${creator_key}\n${owner_key ?? ''}\n${expires_at ?? ''}`)
    .digest('hex');
}

/** A token as the log describes it. */
export interface ToldToken {
  readonly roles: string;
  /** Of its secret and its maker; `null` in entries of earlier versions. */
  readonly proof: string | null;
  readonly isRevoked: boolean;
}
