import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { JobKind, Registry } from '../../registry/index.ts';
import { openConversionSigner } from '../auth/index.ts';
import type { ServiceConfig } from '../config.ts';
import { openConversionStore } from '../conversions/index.ts';
import { openDataCheckStore } from '../data-checks/index.ts';
import type { JobHandler, Queue, Tell } from '../queue/index.ts';
import { openTestStore } from '../tests/index.ts';
import { convertHandler } from './convert-handler.ts';
import { dataHandler } from './data-handler.ts';
import { scanHandler } from './scan-handler.ts';
import { ScanPool } from './scan-pool.ts';
import { testHandler } from './test-handler.ts';

/** A worker without a heartbeat for this time counts as dead. */
const LEASE_MS = 30_000;
const GRACE_MS = 20_000;
/** Small scans that are registered, or wait for a scanning process, while others run. */
const AHEAD = 16;

export interface ScanWorkOptions {
  readonly concurrency: number;
  /** Ends the work: what runs has `graceMs`, and is handed back then. */
  readonly signal: AbortSignal;
  readonly tell: Tell;
  readonly leaseMs?: number;
  readonly graceMs?: number;
}

/** Works off scans, conversions, tests and checks of data until `signal` fires: in a process of its own, or beside the API on a laptop. */
export async function workOnScans(
  parts: {
    readonly config: Pick<
      ServiceConfig,
      | 'hubEndpoint'
      | 'allowPrivateAddresses'
      | 'allowed'
      | 'dataFolder'
      | 'limits'
      | 'conversionKey'
      | 'approvalPassphrase'
      | 'suites'
      | 'datasets'
    >;
    readonly registry: Registry;
    readonly queue: Queue;
  },
  options: ScanWorkOptions,
): Promise<void> {
  const { hubEndpoint, allowPrivateAddresses, allowed, dataFolder, limits, suites, datasets } = parts.config;
  const settings = { hubEndpoint, allowPrivateAddresses, allowed, dataFolder, limits };
  const { tell, signal, concurrency, leaseMs = LEASE_MS, graceMs = GRACE_MS } = options;
  const conversions = await openConversionStore(join(dataFolder, 'conversions'), limits);
  const tests = await openTestStore(join(dataFolder, 'tests'), limits);
  const dataChecks = await openDataCheckStore(join(dataFolder, 'data-checks'), limits);
  const signer = await openConversionSigner(parts.config);
  const pool = new ScanPool(settings, { maxProcesses: concurrency, maxScanMs: limits.maxScanMs });
  try {
    const scan = scanHandler({ registry: parts.registry, settings, pool, tell });
    const convert = convertHandler({ registry: parts.registry, conversions, settings, pool, signer, tell });
    const test = testHandler({ registry: parts.registry, tests, conversions, settings, suites, pool, tell });
    const data = dataHandler({ registry: parts.registry, dataChecks, datasets, pool, tell });
    const handlers: Readonly<Record<JobKind, JobHandler>> = { scan, convert, test, data };
    const handler: JobHandler = (claimed, context) => handlers[claimed.job.kind](claimed, context);
    await parts.queue.work(handler, {
      worker: `${hostname()}:${process.pid}:${randomUUID().slice(0, 8)}`,
      concurrency,
      ahead: AHEAD,
      signal,
      leaseMs,
      graceMs,
      tell,
    });
  } finally {
    await pool.close();
  }
}
