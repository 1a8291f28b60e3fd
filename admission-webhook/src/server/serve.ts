import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as byTheClock } from 'node:timers/promises';
import type { DecisionRecord } from '../answer.ts';
import type { Vitals } from '../vitals.ts';
import type { BodyMemory } from './body.ts';
import type { CertificateSource } from './certificate/index.ts';
import type { ClientFiles } from './client-files.ts';
import { clientCheck, tokenProblem } from './clients.ts';
import { CONNECTION_RULES, type ConnectionRules } from './connection-rules.ts';
import { DecisionLog, type LogSink } from './decision-log.ts';
import { type Listener, openListener } from './listener.ts';
import { openMetrics } from './metrics.ts';
import { openRoutes } from './open-routes.ts';
import type { AdmissionOptions } from './options.ts';
import { openPlainListener } from './plain-listener.ts';
import { reviewRoute } from './review-route.ts';
import { openReviewer } from './reviews.ts';
import { statusOf } from './status.ts';
import type { AdmissionWebhook } from './webhook.ts';

/** What is answered from, and by whom it may be asked. */
export interface ServingParts {
  readonly webhook: AdmissionWebhook;
  readonly certificate: CertificateSource;
  readonly clients: ClientFiles;
}

export interface ServeOptions extends Pick<AdmissionOptions, 'listen' | 'metricsListen' | 'drainSeconds' | 'log'> {
  readonly clientNames: readonly string[];
  /** Prints a line for the operator of the webhook; it never contains a secret. */
  tell(line: string): void;
  readonly sink: LogSink;
  /** In place of the usual ones. */
  readonly rules?: Partial<ConnectionRules>;
  /** In place of the clock: how long it goes on while it ends. */
  readonly drain?: (ms: number) => Promise<void>;
}

export interface Serving {
  readonly url: string;
  readonly metricsUrl: string | null;
  vitals(): Vitals;
  /** Goes on until nothing leads here any more, answers what was asked, and ends. Closes none of the parts. */
  close(): Promise<void>;
}

/** How often the same defect is told: a log is not filled by one. */
const FAILURES_TOLD_MS = 1_000;

/** @throws AssayError `usage` when a place to listen at cannot be had */
export async function serve(parts: ServingParts, options: ServeOptions): Promise<Serving> {
  const { webhook, certificate, clients } = parts;
  const startedAt = new Date();
  const rules = { ...CONNECTION_RULES, ...options.rules };
  let ending = false;
  let listener: Listener | undefined;
  const vitals = (): Vitals => ({
    ...webhook.health(),
    certificate: certificate.health(),
    clients: clients.health(),
    ending,
  });
  const load = () => ({ bodyBytes: listener?.room.taken ?? 0, connections: listener?.connections() ?? 0 });
  const metrics = openMetrics({ vitals, load });
  const log = new DecisionLog({ choice: options.log, sink: options.sink, onDropped: metrics.logDropped });
  const onFailure = failureTeller(options.tell, metrics.failed);
  const status = () => statusOf(vitals(), { startedAt, decisions: log.recent(), now: new Date() });
  const reviews = reviewRoute({
    reviewer: openReviewer({ ...webhook, onFailure }),
    mayAsk: clientCheck({ certificate: clients.ca !== null, names: options.clientNames, token: clients.token }),
    rules,
    metrics,
    record: (record: DecisionRecord) => log.add(record),
  });
  const statusProblem = (request: IncomingMessage) => {
    const token = clients.token();
    return token === null ? 'the status is served at --metrics-listen' : tokenProblem(request, token);
  };
  const pages = openRoutes({ metrics, vitals, status, statusProblem });
  const openPages = openRoutes({ metrics, vitals, status, statusProblem: () => undefined });
  const guarded = (answer: () => Promise<void>, response: ServerResponse) =>
    answer().catch((error: unknown) => {
      onFailure(error);
      if (response.headersSent) response.destroy();
      else response.writeHead(503).end();
    });
  const handle = (request: IncomingMessage, response: ServerResponse, room: BodyMemory) => {
    const path = pathOf(request);
    const isReview = request.method === 'POST';
    return guarded(
      () => (isReview ? reviews(path, request, response, room) : pages(path, request, response)),
      response,
    );
  };
  const plain =
    options.metricsListen === null
      ? undefined
      : await openPlainListener(options.metricsListen, (request, response) =>
          guarded(() => openPages(pathOf(request), request, response), response),
        );
  const opened = await openListener({ listen: options.listen, certificate, clientCa: clients.ca, rules, handle }).catch(
    async (error: unknown) => {
      await plain?.close();
      throw error;
    },
  );
  listener = opened;
  return {
    url: opened.url,
    metricsUrl: plain?.url ?? null,
    vitals,
    async close() {
      ending = true;
      opened.letGo();
      if (options.drainSeconds > 0) await (options.drain ?? byTheClock)(options.drainSeconds * 1000);
      await opened.close();
      await plain?.close();
    },
  };
}

/** Without the query, in which API servers say how long they wait. */
function pathOf({ url = '' }: IncomingMessage): string {
  return url.split('?', 1)[0] ?? '';
}

function failureTeller(tell: (line: string) => void, count: () => void): (error: unknown) => void {
  let told = Number.NEGATIVE_INFINITY;
  return (error) => {
    count();
    const now = performance.now();
    if (now - told < FAILURES_TOLD_MS) return;
    told = now;
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    tell(
      `defect: ${stack
        .split('\n')
        .slice(0, 8)
        .map((line) => line.trim())
        .join(' | ')}`,
    );
  };
}
