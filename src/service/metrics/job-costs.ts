import { Counter, type Registry as MetricSet } from 'prom-client';
import { DURATION_BOUNDS, type JobStore, type KindTotals } from '../../registry/index.ts';
import { METRICS } from './names.ts';

/** How long sums over all attempts are kept: Prometheus asks every instance, often. */
const KEPT_MS = 10_000;

/** What all jobs cost, as the database has it: every instance and every worker's restart says the same. */
export class JobCostMetrics {
  readonly #jobs: Pick<JobStore, 'costTotals'>;
  readonly #counters: readonly (readonly [counter: Counter<'kind'>, of: (totals: KindTotals) => number])[];
  #known: { readonly until: number; readonly totals: Promise<readonly KindTotals[]> } | undefined;

  constructor(jobs: Pick<JobStore, 'costTotals'>, set: MetricSet) {
    this.#jobs = jobs;
    const counter = ({
      name,
      help,
      labels,
    }: (typeof METRICS)['cpu' | 'gpu' | 'fetched' | 'stored' | 'unmeasured' | 'reused']) =>
      new Counter({ name, help, labelNames: labels, registers: [set] });
    this.#counters = [
      [counter(METRICS.cpu), ({ costs }) => costs.cpuSeconds ?? 0],
      [counter(METRICS.gpu), ({ costs }) => costs.gpuSeconds ?? 0],
      [counter(METRICS.fetched), ({ costs }) => costs.fetchedBytes ?? 0],
      [counter(METRICS.stored), ({ costs }) => costs.storedBytes ?? 0],
      [counter(METRICS.unmeasured), ({ costs }) => costs.unmeasured],
      [counter(METRICS.reused), ({ costs }) => costs.reused],
    ];
  }

  /** Sets the counters of the set. @returns the histogram of durations in the text format, which no library makes of sums */
  async text(): Promise<string> {
    const totals = await this.#totals();
    for (const [counter, of] of this.#counters) {
      counter.reset();
      for (const one of totals) counter.inc({ kind: one.kind }, of(one));
    }
    return durationsText(totals);
  }

  #totals(): Promise<readonly KindTotals[]> {
    const now = performance.now();
    if (this.#known === undefined || this.#known.until < now) {
      const totals = this.#jobs.costTotals();
      const known = { until: now + KEPT_MS, totals };
      this.#known = known;
      // A failure is told to who asks, and is not kept.
      totals.catch(() => {
        if (this.#known === known) this.#known = undefined;
      });
    }
    return this.#known.totals;
  }
}

/** A histogram in the text format of Prometheus, version 0.0.4: its buckets add up. */
function durationsText(totals: readonly KindTotals[]): string {
  const { name, help, type } = METRICS.durations;
  const rows = totals.flatMap(({ kind, costs, within }) => [
    ...DURATION_BOUNDS.map((bound, index) => `${name}_bucket{kind="${kind}",le="${bound}"} ${within[index] ?? 0}`),
    `${name}_bucket{kind="${kind}",le="+Inf"} ${costs.attempts}`,
    `${name}_sum{kind="${kind}"} ${costs.wallSeconds}`,
    `${name}_count{kind="${kind}"} ${costs.attempts}`,
  ]);
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...rows, ''].join('\n');
}
