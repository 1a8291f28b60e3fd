import { constants } from 'node:fs';
import { access, mkdir } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { AssayError, AsyncDisposableStack, systemCode } from '../core/index.ts';
import { isLoopback } from '../core/reference/index.ts';
import { type LiveRules, openLiveRules } from '../registry/index.ts';
import { createApp } from './app/index.ts';
import { firstToken, isSecure } from './auth/index.ts';
import type { ServiceConfig } from './config.ts';
import type { ServiceContext } from './context.ts';
import { openConversionStore } from './conversions/index.ts';
import { openDataCheckStore } from './data-checks/index.ts';
import { openEventFeed } from './events/index.ts';
import type { App } from './fastify-app.ts';
import { startBatchEnds, startReevaluation, startSigning } from './jobs/index.ts';
import { listenForMetrics } from './metrics/index.ts';
import { openServiceRegistry } from './open-registry.ts';
import { messageOf } from './problems/index.ts';
import { openQueue, type Tell } from './queue/index.ts';
import { openSnapshotStore } from './snapshot/index.ts';
import { openTestStore } from './tests/index.ts';
import { openUploadStore } from './uploads/index.ts';
import { startWebhookSender } from './webhooks/index.ts';
import { workOnScans } from './worker/index.ts';

export interface RunningService {
  /** Where it listens. */
  readonly url: string;
  /** The one secret of a service that is new, to be shown once; `null` when there are tokens, or an identity provider. */
  readonly firstToken: string | null;
  /** Answers what was asked, ends what runs or hands it back, and closes everything. */
  close(): Promise<void>;
}

export interface StartOptions {
  /** Writes a line for the operator; never with a secret. */
  readonly tell: Tell;
}

/** How long requests may go on after the service was told to end. */
const GRACE_MS = 10_000;
const SWEEP_MS = 3_600_000;

/**
 * Starts the API, and with the embedded queue the worker too.
 * @throws AssayError, RegistryError for a part that cannot be had; what was opened until then is closed
 */
export async function startService(config: ServiceConfig, { tell }: StartOptions): Promise<RunningService> {
  const closing = new AsyncDisposableStack();
  try {
    return await start(config, tell, closing);
  } catch (error) {
    await closing.disposeAsync();
    throw error;
  }
}

async function start(config: ServiceConfig, tell: Tell, closing: AsyncDisposableStack): Promise<RunningService> {
  await makeDataFolder(config.dataFolder);
  const live = await openLiveRules(config.rules);
  const context = await openParts(config, live, tell, closing);
  const app = await createApp(context);
  closing.defer(() => closeApp(app));
  if (context.queue.kind === 'embedded' && config.workers > 0) work(context, tell, closing);
  const sender = startWebhookSender(context.registry.webhooks, {
    allowPrivateAddresses: config.allowPrivateAddresses,
    allow: config.allowed.webhooks,
    onError: (error) => tell(`webhooks: ${messageOf(error)}`),
  });
  closing.defer(() => sender.close());
  const ends = startBatchEnds(context.registry, tell);
  closing.defer(() => ends.close());
  const signing = startSigning(context.registry, tell);
  closing.defer(() => signing.close());
  sweepStores(context, tell, closing);
  await context.queue.sync();
  const reevaluation = startReevaluation(
    { ...context, live },
    { stateFile: join(config.dataFolder, 'reevaluated.json'), tell },
  );
  closing.defer(() => reevaluation.close());
  // Nobody waits for it: until then, what was decided before holds.
  void reevaluation.look();
  if (config.metrics !== null) {
    const listener = await listenForMetrics(app.metrics, config.metrics);
    closing.defer(() => listener.close());
  }
  const secret = config.oidc === null ? await firstToken(context.registry) : undefined;
  const url = await listen(app, config);
  const exposed = clearText(config);
  if (exposed !== undefined)
    tell(
      `${exposed}: tokens and sessions are sent in clear text; put a proxy with TLS in front, and set ASSAY_PUBLIC_URL to its https:// address`,
    );
  return { url, firstToken: secret ?? null, close: () => closing.disposeAsync() };
}

/** Where tokens and sessions would be read on their way; `undefined` where they are not. */
function clearText({ host, publicUrl }: ServiceConfig): string | undefined {
  if (isSecure(publicUrl)) return undefined;
  if (!isLoopback(new URL(publicUrl).hostname)) return `${publicUrl} is not an https:// address`;
  if (host !== '::1' && !isLoopback(host))
    return `the service listens at ${host}, which other machines reach, without TLS`;
  return undefined;
}

async function makeDataFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await access(folder, constants.W_OK);
  } catch (cause) {
    throw new AssayError('usage', `is not a writable folder (${systemCode(cause) ?? 'unknown'})`, {
      subject: folder,
      hint: 'choose another --data',
      cause,
    });
  }
}

async function openParts(
  config: ServiceConfig,
  live: LiveRules,
  tell: Tell,
  closing: AsyncDisposableStack,
): Promise<ServiceContext> {
  const registry = await openServiceRegistry(config, live);
  closing.defer(() => registry.close());
  const events = openEventFeed(registry, { onError: (error) => tell(`events: ${messageOf(error)}`) });
  closing.defer(() => events.close());
  const snapshots = await openSnapshotStore(join(config.dataFolder, 'snapshots'), {
    onNewer: ({ tenant, version }) => events.publish({ kind: 'snapshot', tenant, version }),
    onError: (message) => tell(`snapshots: ${message}`),
  });
  closing.defer(() => snapshots.close());
  const queue = await openQueue(config, registry, tell);
  closing.defer(() => queue.close());
  const uploads = await openUploadStore(join(config.dataFolder, 'uploads'), config.limits);
  const conversions = await openConversionStore(join(config.dataFolder, 'conversions'), config.limits);
  const tests = await openTestStore(join(config.dataFolder, 'tests'), config.limits);
  const dataChecks = await openDataCheckStore(join(config.dataFolder, 'data-checks'), config.limits);
  return { config, registry, queue, events, uploads, conversions, tests, dataChecks, snapshots };
}

function work(context: ServiceContext, tell: Tell, closing: AsyncDisposableStack): void {
  const stop = new AbortController();
  const working = workOnScans(context, { concurrency: context.config.workers, signal: stop.signal, tell });
  working.catch((error: unknown) => tell(`the worker ended: ${messageOf(error)}`));
  closing.defer(async () => {
    stop.abort();
    await working;
  });
}

function sweepStores(
  { uploads, conversions, tests, dataChecks, registry }: ServiceContext,
  tell: Tell,
  closing: AsyncDisposableStack,
): void {
  const sweep = () => {
    const now = new Date();
    uploads.sweep(now).catch((error: unknown) => tell(`uploads: ${messageOf(error)}`));
    conversions
      .sweep(now, registry.jobs.outputsAmong)
      .catch((error: unknown) => tell(`conversions: ${messageOf(error)}`));
    tests.sweep(now, registry.jobs.outputsAmong).catch((error: unknown) => tell(`tests: ${messageOf(error)}`));
    dataChecks
      .sweep(now, registry.jobs.outputsAmong)
      .catch((error: unknown) => tell(`data checks: ${messageOf(error)}`));
  };
  const timer = setInterval(sweep, SWEEP_MS);
  sweep();
  closing.defer(async () => clearInterval(timer));
}

async function listen(app: App, { host, port }: ServiceConfig): Promise<string> {
  try {
    await app.listen({ host, port });
  } catch (cause) {
    throw new AssayError('usage', `is not available to listen at (${systemCode(cause) ?? 'unknown'})`, {
      subject: `${host}:${port}`,
      hint: 'choose another --listen',
      cause,
    });
  }
  const address = app.server.address() as AddressInfo;
  return `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`;
}

/** Waits for requests under way, and then no longer. */
async function closeApp(app: App): Promise<void> {
  const timer = setTimeout(() => app.server.closeAllConnections(), GRACE_MS);
  await app.close();
  clearTimeout(timer);
}
