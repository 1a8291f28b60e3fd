import type { Assessment } from '../../core/assessment/index.ts';
import type { JobProgress } from '../../registry/index.ts';
import type { ServiceLimits } from '../config.ts';

/** The settings of all scans of a worker. */
export interface ScanSettings {
  readonly hubEndpoint: string;
  readonly allowPrivateAddresses: boolean;
  readonly dataFolder: string;
  readonly limits: ServiceLimits;
}

/** One scan for a thread. */
export interface ScanOrder {
  /** A reference, or `upload:<id>`. */
  readonly target: string;
  readonly tenant: string;
  /** The environment variables for sources. */
  readonly env: Readonly<Record<string, string>>;
}

export type WorkerMessage = { readonly kind: 'scan'; readonly order: ScanOrder } | { readonly kind: 'stop' };

/** How a scan ended: never with an exception, which would not come through to another thread whole. */
export type ScanEnd =
  | {
      readonly kind: 'assessed';
      readonly assessment: Assessment;
      /** Why the first file that could not be opened could not. */
      readonly unopened: { readonly code: string; readonly message: string } | null;
    }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };

export type ScanReply = { readonly kind: 'progress'; readonly progress: JobProgress } | ScanEnd;
