import type { ColumnType } from 'kysely';

/** Never updated. */
type Fixed<T> = ColumnType<T, T, never>;

export interface WebhookTables {
  readonly webhooks: WebhookTable;
  readonly deliveries: DeliveryTable;
}

interface WebhookTable {
  readonly id: Fixed<string>;
  readonly tenant: Fixed<string>;
  readonly seq: Fixed<number>;
  readonly url: Fixed<string>;
  /** A JSON list of patterns. */
  readonly events: Fixed<string>;
  /** As it is: every delivery is signed with it. */
  readonly secret: Fixed<string>;
  /** Entries of the audit log up to this one have become deliveries. */
  told_seq: number;
  readonly created_at: Fixed<string>;
  readonly created_by: Fixed<string>;
}

/** One entry of the audit log, for one webhook. */
interface DeliveryTable {
  readonly id: Fixed<string>;
  readonly tenant: Fixed<string>;
  readonly webhook: Fixed<string>;
  readonly audit_seq: Fixed<number>;
  readonly event: Fixed<string>;
  /** `pending`, `delivered`, `dead`. */
  state: string;
  attempts: number;
  /** When it is tried next, or taken from a sender that died. */
  next_ms: number;
  /** Of the sender that has it. */
  lease: string | null;
  last_status: number | null;
  last_error: string | null;
  readonly created_at: Fixed<string>;
  ended_at: string | null;
}
