import type { AuditEntry, JobProgress, JobState } from '../../registry/index.ts';

/** Events for listeners: `GET /v1/events`, webhooks, the console. */
export type ServiceEvent =
  /** A change, in the order of the audit log: its `seq` is the event's id, from which a listener goes on. */
  | { readonly kind: 'audit'; readonly tenant: string; readonly entry: AuditEntry }
  /** Not stored: a listener that misses one reads the job. */
  | {
      readonly kind: 'job';
      readonly tenant: string;
      readonly id: string;
      readonly state: JobState;
      readonly progress: JobProgress;
    }
  | { readonly kind: 'snapshot'; readonly tenant: string; readonly version: number };

/** Tells of events within this process, and of those that other processes wrote into the registry. */
export interface EventFeed {
  publish(event: ServiceEvent): void;
  /** @returns a function that ends it. */
  subscribe(tenant: string, listener: (event: ServiceEvent) => void): () => void;
  /** Resolves when those who listen to the tenant miss no later change: what came before is read from the audit log. */
  ready(tenant: string): Promise<void>;
  close(): Promise<void>;
}
