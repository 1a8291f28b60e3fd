import type { AuditEntry, Delivery, DeliveryState, Page, Webhook } from './api/index.ts';
import type { PageRequest, Principal } from './records.ts';

/** A delivery that a sender has taken. */
export interface ClaimedDelivery {
  readonly id: string;
  readonly webhook: string;
  readonly lease: string;
  readonly url: string;
  readonly secret: string;
  /** This try, from 1. */
  readonly attempt: number;
  readonly entry: AuditEntry;
}

export type DeliveryEnd =
  | { readonly kind: 'delivered'; readonly status: number }
  | { readonly kind: 'retry'; readonly at: Date; readonly status: number | null; readonly error: string }
  | { readonly kind: 'dead'; readonly status: number | null; readonly error: string };

/** Webhooks of tenants that cannot see those of each other, and their deliveries. All @throws RegistryError */
export interface WebhookStore {
  /** The secret is shown only once. Deliveries begin with the next event. */
  create(
    by: Principal,
    request: { readonly url: string; readonly events: readonly string[] },
  ): Promise<{ readonly webhook: Webhook; readonly secret: string }>;
  list(by: Principal): Promise<readonly Webhook[]>;
  get(by: Principal, id: string): Promise<Webhook>;
  /** With its deliveries. */
  remove(by: Principal, id: string): Promise<void>;
  /** The newest first. */
  deliveries(
    by: Principal,
    webhook: string,
    page?: PageRequest & { readonly state?: DeliveryState },
  ): Promise<Page<Delivery>>;
  /** Begins again with one that was delivered or given up. */
  redeliver(by: Principal, webhook: string, delivery: string): Promise<Delivery>;

  /** For senders, of any tenant: makes deliveries of what the audit log says since. @returns whether there may be more */
  plan(): Promise<boolean>;
  /** Takes deliveries that are due, for so long: few of each webhook, and none of those that are busy. */
  claim(leaseMs: number, limit: number, busy?: readonly string[]): Promise<readonly ClaimedDelivery[]>;
  /** @returns false when another sender took it meanwhile. */
  settle(claimed: Pick<ClaimedDelivery, 'id' | 'lease'>, end: DeliveryEnd): Promise<boolean>;
  /** How many deliveries of all tenants wait, and were given up. */
  counts(): Promise<Readonly<Record<'pending' | 'dead', number>>>;
  /** Forgets deliveries that ended before. */
  prune(before: Date): Promise<void>;
}
