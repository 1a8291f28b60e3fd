import type { PayloadSigner } from '../../integrity/sign/index.ts';
import type { TrustFile } from '../../integrity/trust-file/index.ts';
import type { TenantShares } from '../job-shares.ts';
import type { RegistryRules } from '../registry.ts';
import type { Sealer } from '../sealed/index.ts';
import type { Database } from './database.ts';

/** What the parts of a registry work with. */
export interface Context {
  readonly database: Database;
  readonly rules: RegistryRules;
  /** Who may sign approvals; without one, approvers cannot sign with their own keys. */
  readonly trust: TrustFile | undefined;
  /** Signs for approvers who come by a session, and re-evaluations. */
  readonly signer: PayloadSigner | undefined;
  /** Another process holds the key: what is to be signed is left for it. */
  readonly signsLater: boolean;
  /** The identity provider whose people tokens may belong to; `undefined`: a token belongs to whoever made it. */
  readonly tokenIssuer: string | undefined;
  /** Whether a rule of the catalogue has this id. */
  readonly isRule: (id: string) => boolean;
  /** Keeps secrets of webhooks unreadable in the database; without it, they are kept as they are. */
  readonly sealer: Sealer | undefined;
  /** How workers are shared among tenants. */
  readonly shares: TenantShares;
  readonly now: () => Date;
}
