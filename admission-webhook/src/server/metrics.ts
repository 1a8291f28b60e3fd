import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry as MetricSet } from 'prom-client';
import type { DecisionRecord } from '../answer.ts';
import { notReady, type Vitals } from '../vitals.ts';
import { webhookProblems } from './problems.ts';

export type ReviewPath = 'validate' | 'mutate';

/** What Prometheus asks for. */
export interface AdmissionMetrics {
  readonly contentType: string;
  /** Of a review that was answered. */
  answered(path: ReviewPath, record: DecisionRecord): void;
  /** A request that was not a review to answer: `reason` is one of a few words. */
  refused(reason: string): void;
  /** A defect of ours. */
  failed(): void;
  /** A line of the log that nobody took in time. */
  logDropped(): void;
  /** In the text format of Prometheus. */
  text(): Promise<string>;
}

export interface MetricReadings {
  vitals(): Vitals;
  /** Bytes of bodies that are being read, and connections. */
  load(): { readonly bodyBytes: number; readonly connections: number };
}

const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 3, 10];

export function openMetrics(readings: MetricReadings): AdmissionMetrics {
  const set = new MetricSet();
  const registers = [set];
  collectDefaultMetrics({ register: set });
  const reviews = new Counter({
    name: 'assay_admission_reviews_total',
    help: 'Reviews answered, by the response to the API server',
    labelNames: ['path', 'action', 'mode'],
    registers,
  });
  const decisions = new Counter({
    name: 'assay_admission_decisions_total',
    help: 'Outcome and action for each reference to a model, and for each object without one',
    labelNames: ['outcome', 'action', 'mode'],
    registers,
  });
  const waivers = new Counter({
    name: 'assay_admission_break_glass_total',
    help: 'Refusals that a waiver for emergencies lifted',
    registers,
  });
  const baselines = new Counter({
    name: 'assay_admission_baseline_total',
    help: 'Refusals that a baseline lifted: what ran when enforcement began',
    registers,
  });
  const duration = new Histogram({
    name: 'assay_admission_review_duration_seconds',
    help: 'Time from the complete body to the answer',
    labelNames: ['path'],
    buckets: SECONDS,
    registers,
  });
  const refused = new Counter({
    name: 'assay_admission_refused_requests_total',
    help: 'Requests that were not reviews to answer, refused by an answer: malformed, too-large, content-type, client, ...',
    labelNames: ['reason'],
    registers,
  });
  const errors = new Counter({ name: 'assay_admission_errors_total', help: 'Defects met while answering', registers });
  const dropped = new Counter({
    name: 'assay_admission_log_dropped_total',
    help: 'Lines of the decision log that were dropped',
    registers,
  });
  const read = gauges(registers);
  return {
    contentType: set.contentType,
    answered(path, { action, mode, rulings, durationMs }) {
      reviews.inc({ path, action, mode });
      duration.observe({ path }, durationMs / 1000);
      for (const ruling of rulings) {
        decisions.inc({ outcome: ruling.outcome, action: ruling.action, mode });
        if (ruling.waiver !== undefined) waivers.inc();
        if (ruling.baseline !== undefined) baselines.inc();
      }
    },
    refused: (reason) => refused.inc({ reason }),
    failed: () => errors.inc(),
    logDropped: () => dropped.inc(),
    text() {
      read(readings);
      return set.metrics();
    },
  };
}

/** Read when they are asked for. @returns how to */
function gauges(registers: MetricSet[]): (readings: MetricReadings) => void {
  const gauge = (name: string, help: string) => new Gauge({ name: `assay_admission_${name}`, help, registers });
  const ready = gauge('ready', '1 while the webhook has everything that it needs to answer');
  const version = gauge('snapshot_version', 'Version of the snapshot; absent without a snapshot');
  const entries = gauge('snapshot_entries', 'Decisions in the snapshot');
  const age = gauge('snapshot_age_seconds', 'Age of the snapshot');
  const expiry = gauge('snapshot_expiry_timestamp_seconds', 'Expiry of the snapshot');
  const floor = gauge('snapshot_floor', 'Lowest accepted version of a snapshot');
  const lastGood = gauge(
    'snapshot_last_success_timestamp_seconds',
    'Time of the last successful check of the snapshot source',
  );
  const certificate = gauge('certificate_expiry_timestamp_seconds', 'Expiry of the serving certificate');
  const problems = new Gauge({
    name: 'assay_admission_problem',
    help: '1 while the newest version of a part is rejected, and the last good one is in use: snapshot, certificate, config, ...',
    labelNames: ['part'],
    registers,
  });
  const bodies = gauge('body_bytes', 'Bytes of bodies that are being read');
  const connections = gauge('connections', 'Open connections');
  return ({ vitals, load }) => {
    const now = vitals();
    const held = now.snapshot.kind === 'held' ? now.snapshot.index.meta : undefined;
    ready.set(notReady(now).length === 0 ? 1 : 0);
    setOrRemove(version, held?.version);
    setOrRemove(entries, held?.entries);
    setOrRemove(age, held === undefined ? undefined : (Date.now() - Date.parse(held.issued)) / 1000);
    setOrRemove(expiry, held === undefined ? undefined : Date.parse(held.expires) / 1000);
    floor.set(now.feed.floor);
    setOrRemove(lastGood, seconds(now.feed.lastGood));
    setOrRemove(certificate, seconds(now.certificate.notAfter));
    for (const [part, problem] of webhookProblems(now)) problems.set({ part }, problem === null ? 0 : 1);
    const { bodyBytes, connections: open } = load();
    bodies.set(bodyBytes);
    connections.set(open);
  };
}

function setOrRemove(gauge: Gauge, value: number | undefined): void {
  if (value === undefined) gauge.remove();
  else gauge.set(value);
}

function seconds(time: Date | null): number | undefined {
  return time === null ? undefined : time.getTime() / 1000;
}
