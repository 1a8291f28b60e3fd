import { objectOf, optionalOf, realNumber, wholeNumber } from '../../core/schema/index.ts';
import type { TestedModel } from '../subject/index.ts';
import { type TestContext, testKind } from './kind.ts';
import { numberMeasure, openMeasure } from './measures.ts';

const USUAL_RUNS = 20;
const WARM = 2;
const MiB = 1024 ** 2;

/** How long runs take, and how much memory. Times depend on the machine: a bound on the ratio to the approved version does not. */
export const ENVELOPE = testKind({
  kind: 'envelope',
  area: 'known-input',
  title:
    'the time of a run of all rows (median, 95th percentile), its ratio to that of the approved version, and memory',
  options: objectOf(
    {
      runs: optionalOf(
        wholeNumber({ minimum: 1, maximum: 10_000, description: 'How often the rows are run; 20 when absent.' }),
      ),
      'median-ms': optionalOf(realNumber({ description: 'The largest median, in milliseconds.' })),
      'p95-ms': optionalOf(realNumber({ description: 'The largest 95th percentile, in milliseconds.' })),
      'memory-mib': optionalOf(
        realNumber({ description: 'The most memory of the process, the runtime included, in MiB.' }),
      ),
      ratio: optionalOf(
        realNumber({ description: 'The largest ratio of the median to that of the approved version.' }),
      ),
    },
    { more: false },
  ),
  async run({ runs = USUAL_RUNS, ratio, ...bounds }, context) {
    const times = await timesOf(context.model, runs, context);
    const median = quantile(times, 0.5);
    const { peakBytes } = context.model;
    const measures = [
      numberMeasure('median time (ms)', median, { max: bounds['median-ms'] }),
      numberMeasure('95th percentile of the time (ms)', quantile(times, 0.95), { max: bounds['p95-ms'] }),
      numberMeasure('memory (MiB)', peakBytes === undefined ? Number.NaN : peakBytes / MiB, {
        max: bounds['memory-mib'],
      }),
    ];
    const name = 'median time / that of the approved version';
    if (context.baseline === undefined)
      return { measures: ratio === undefined ? measures : [...measures, openMeasure(name, ratio)] };
    const before = quantile(await timesOf(context.baseline, runs, context), 0.5);
    return {
      measures: [...measures, numberMeasure(name, median / before, { max: ratio })],
    };
  },
});

async function timesOf(subject: TestedModel, runs: number, { data, onStep }: TestContext): Promise<number[]> {
  const times: number[] = [];
  onStep(`timing ${runs} runs`);
  for (let i = 0; i < WARM + runs; i++) {
    const start = performance.now();
    await subject.run(data.feeds);
    if (i >= WARM) times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b);
}

/** Of sorted numbers: the smallest one that is not below that share of them. */
function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
