import { AsyncDisposableStack } from '../../../src/core/index.ts';
import { type KubeClient, openKube, type WatchedNamespaces, watchNamespaces } from '../kube/index.ts';
import { openBreakGlass, openSnapshotFeed } from '../snapshot-feed/index.ts';
import type { Vitals } from '../vitals.ts';
import { type CertificateSource, openCertificateFiles, openSelfSigned } from './certificate/index.ts';
import { openClientFiles } from './client-files.ts';
import { openConfigFile } from './config-file.ts';
import type { LogSink } from './decision-log.ts';
import { openLate } from './late-feed.ts';
import type { AdmissionOptions, TlsOptions, WebhookOptions } from './options.ts';
import { tellProblems } from './problems.ts';
import { serve } from './serve.ts';
import { type AdmissionWebhook, assembleWebhook } from './webhook.ts';

export interface AdmissionSurroundings {
  /** Prints a line for the operator of the webhook; it never contains a secret. */
  tell(line: string): void;
  /** Where the decision log goes. */
  readonly sink: LogSink;
  readonly env: NodeJS.ProcessEnv;
}

export interface RunningAdmission {
  /** Where it listens. */
  readonly url: string;
  readonly metricsUrl: string | null;
  vitals(): Vitals;
  /** Goes on until nothing leads here any more, answers what was asked, and closes everything. */
  close(): Promise<void>;
}

/** How long the first snapshot is waited for, before reviews are answered without. */
const FIRST_SNAPSHOT_MS = 1_500;

/**
 * Starts the webhook: it answers from the first moment, by what it holds then.
 * @throws AssayError, KubeError for a part that cannot be had; what was opened until then is closed
 */
export async function startAdmission(
  options: AdmissionOptions,
  surroundings: AdmissionSurroundings,
): Promise<RunningAdmission> {
  const closing = new AsyncDisposableStack();
  try {
    return await start(options, surroundings, closing);
  } catch (error) {
    await closing.disposeAsync();
    throw error;
  }
}

async function start(
  options: AdmissionOptions,
  surroundings: AdmissionSurroundings,
  closing: AsyncDisposableStack,
): Promise<RunningAdmission> {
  const { tell, sink, env } = surroundings;
  const { listen, metricsListen, drainSeconds, log } = options;
  const kube = needsCluster(options) ? await openKube({ kubeconfig: options.webhook.kubeconfig, env }) : null;
  if (kube !== null) closing.defer(() => kube.close());
  const clients = await openClientFiles(options.clients);
  closing.defer(() => clients.close());
  const webhook = await openWebhook(options.webhook, { kube, env, closing });
  const certificate = await openCertificate(options.tls, kube);
  closing.defer(() => certificate.close());
  const serving = await serve(
    { webhook, certificate, clients },
    { listen, metricsListen, drainSeconds, log, clientNames: options.clients.names, tell, sink },
  );
  closing.defer(() => serving.close());
  closing.defer(tellProblems(serving.vitals, tell));
  if (options.clients.ca === null && options.clients.tokenFile === null)
    tell(`every client that reaches ${serving.url} is answered; give --client-ca or --client-token-file`);
  return {
    url: serving.url,
    metricsUrl: serving.metricsUrl,
    vitals: serving.vitals,
    close: () => closing.disposeAsync(),
  };
}

function needsCluster({ webhook, tls }: AdmissionOptions): boolean {
  const { watchNamespaces: watched, snapshot } = webhook;
  const isMap = /^configmap:/i.test(snapshot.from) || snapshot.floor !== null;
  return watched || isMap || tls.kind === 'self-signed';
}

async function openWebhook(
  options: WebhookOptions,
  {
    kube,
    env,
    closing,
  }: { readonly kube: KubeClient | null; readonly env: NodeJS.ProcessEnv; readonly closing: AsyncDisposableStack },
): Promise<AdmissionWebhook> {
  const { snapshot, ownNamespace, serviceUrl } = options;
  const config = await openConfigFile(options.config);
  closing.defer(() => config.close());
  const feed = await openLate(openSnapshotFeed({ ...snapshot, kube, env }), snapshot.from, FIRST_SNAPSHOT_MS);
  closing.defer(() => feed.close());
  const namespaces = options.watchNamespaces && kube !== null ? watched(kube, closing) : null;
  const breakGlass = options.breakGlass === null ? null : await openBreakGlass(options.breakGlass);
  closing.defer(() => breakGlass?.close());
  return assembleWebhook({ feed, config, namespaces, breakGlass, ownNamespace, serviceUrl });
}

function watched(kube: KubeClient, closing: AsyncDisposableStack): WatchedNamespaces {
  const stop = new AbortController();
  const namespaces = watchNamespaces(kube, stop.signal);
  closing.defer(async () => {
    stop.abort();
    await namespaces.ended;
  });
  return namespaces;
}

async function openCertificate(options: TlsOptions, kube: KubeClient | null): Promise<CertificateSource> {
  if (options.kind === 'files') return openCertificateFiles(options);
  if (kube === null) throw new Error('the Secret is in a cluster');
  return openSelfSigned(kube, options);
}
