import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry as MetricSet } from 'prom-client';
import type { Registry } from '../../registry/index.ts';
import { OPERATOR_TENANT } from '../config.ts';
import type { App } from '../fastify-app.ts';
import type { Queue } from '../queue/index.ts';
import type { SnapshotStore } from '../snapshot/index.ts';
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
    name: 'assay_http_request_duration_seconds',
    help: 'Time to answer a request, by route; its status is `cut` where the client went away before',
    labelNames: ['method', 'route', 'status'],
    buckets: LATENCIES_SECONDS,
    registers,
  });
  const decisions = new Counter({
    name: 'assay_decisions_total',
    help: 'Answers to the question whether a model may be used',
    labelNames: ['action'],
    registers,
  });
  const jobs = new Gauge({
    name: 'assay_jobs',
    help: 'Jobs by kind and state',
    labelNames: ['kind', 'state'],
    registers,
  });
  const depth = new Gauge({
    name: 'assay_queue_depth',
    help: 'Jobs in the queue that wait, and that run',
    labelNames: ['state'],
    registers,
  });
  const snapshotAge = new Gauge({
    name: 'assay_snapshot_age_seconds',
    help: "Since the newest snapshot of the operator's tenant was issued; absent without one",
    registers,
  });

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
      const [counts, queued, snapshot] = await Promise.all([
        context.registry.jobs.countsByKind(),
        context.queue.depth(),
        context.snapshots.newest(OPERATOR_TENANT),
      ]);
      for (const { kind, state, count } of counts) jobs.set({ kind, state }, count);
      depth.set({ state: 'waiting' }, queued.waiting);
      depth.set({ state: 'active' }, queued.active);
      snapshotAge.remove();
      if (snapshot !== undefined) snapshotAge.set((Date.now() - Date.parse(snapshot.issued)) / 1000);
      return set.metrics();
    },
  });
}
