import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry as MetricSet } from 'prom-client';
import type { Registry } from '../../registry/index.ts';
import { OPERATOR_TENANT } from '../config.ts';
import type { App } from '../fastify-app.ts';
import type { Queue } from '../queue/index.ts';
import type { SnapshotStore } from '../snapshot/index.ts';
import { JobCostMetrics } from './job-costs.ts';
import { METRICS, type MetricName } from './names.ts';
import { onRequestEnd } from './request-end.ts';

/** What Prometheus asks for. */
export interface ServiceMetrics {
  /** Counted by every part that answers with current decisions: the API, the console, the Hub proxy. */
  readonly decisions: Counter<'action'>;
  readonly contentType: string;
  /** In the text format of Prometheus; asks the job store and the queue. */
  text(): Promise<string>;
}

const LATENCIES_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** What is counted. */
export interface Counted {
  readonly registry: Registry;
  readonly queue: Queue;
  readonly snapshots: SnapshotStore;
}

export function addMetrics(app: App, context: Counted): void {
  const set = new MetricSet();
  const registers = [set];
  collectDefaultMetrics({ register: set });
  const requests = new Histogram({
    ...wordsOf(METRICS.requests),
    buckets: LATENCIES_SECONDS,
    registers,
  });
  const decisions = new Counter({
    ...wordsOf(METRICS.decisions),
    registers,
  });
  const jobs = new Gauge({
    ...wordsOf(METRICS.jobs),
    registers,
  });
  const depth = new Gauge({
    ...wordsOf(METRICS.depth),
    registers,
  });
  const snapshotAge = new Gauge({
    ...wordsOf(METRICS.snapshotAge),
    registers,
  });
  const deliveries = new Gauge({ ...wordsOf(METRICS.deliveries), registers });
  const costs = new JobCostMetrics(context.registry.jobs, set);

  onRequestEnd(app, (request, reply, { kind }) => {
    // The pattern of the route, never the address, because user input must not create new series.
    const route = request.is404 ? 'none' : (request.routeOptions.url ?? 'none');
    const status = kind === 'cut' ? kind : String(reply.statusCode);
    requests.observe({ method: request.method, route, status }, reply.elapsedTime / 1000);
  });

  app.decorate('metrics', {
    decisions,
    contentType: set.contentType,
    async text() {
      const [counts, queued, snapshot, told, durations] = await Promise.all([
        context.registry.jobs.countsByKind(),
        context.queue.depth(),
        context.snapshots.newest(OPERATOR_TENANT),
        context.registry.webhooks.counts(),
        costs.text(),
      ]);
      for (const { kind, state, count } of counts) jobs.set({ kind, state }, count);
      depth.set({ state: 'waiting' }, queued.waiting);
      depth.set({ state: 'active' }, queued.active);
      deliveries.set({ state: 'pending' }, told.pending);
      deliveries.set({ state: 'dead' }, told.dead);
      snapshotAge.remove();
      if (snapshot !== undefined) snapshotAge.set((Date.now() - Date.parse(snapshot.issued)) / 1000);
      return `${await set.metrics()}${durations}`;
    },
  });
}

function wordsOf<const L extends string>({ name, help, labels }: MetricWords<L>) {
  return { name, help, labelNames: labels };
}

type MetricWords<L extends string> = Pick<MetricName, 'name' | 'help'> & { readonly labels: readonly L[] };
