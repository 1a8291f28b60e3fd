import type { Figure } from '../../core/behavior/index.ts';
import { AssayError, quotedName, SeededRandom, throwIfAborted } from '../../core/index.ts';
import { objectOf, optionalOf, realNumber, wholeNumber } from '../../core/schema/index.ts';
import { binomialLow, normalQuantile } from '../../core/statistics/index.ts';
import { type Feeds, hasRows } from '../../formats/arrays/index.ts';
import type { TestedModel } from '../subject/index.ts';
import { type TestContext, type TestOutcome, testKind } from './kind.ts';
import { numberMeasure, SHARE_BOUNDS, type Share, shareMeasure } from './measures.ts';
import { type Label, predictedLabels, trueLabels } from './predictions.ts';

const USUAL = { rows: 20, samples: 1_000, selection: 100, alpha: 0.001 };
const MAX_SAMPLES = 100_000;
/** Rows of a run, before the model divides them further. */
const PART = 1_000;
const POINTS = 10;

/** What no change within a radius can do to the smoothed model. */
export const SMOOTHING = testKind({
  kind: 'smoothing',
  area: 'adversarial',
  title: 'rows that the model, smoothed by noise, provably keeps within an L2 radius (Cohen et al. 2019)',
  options: objectOf(
    {
      sigma: realNumber({ minimum: 1e-9, description: 'The standard deviation of the noise.' }),
      radius: optionalOf(
        realNumber({
          minimum: 0,
          description: 'The L2 radius within which a row has to be certain; sigma / 2 when absent.',
        }),
      ),
      samples: optionalOf(
        wholeNumber({ minimum: 10, maximum: MAX_SAMPLES, description: 'Noisy copies of a row; 1000 when absent.' }),
      ),
      alpha: optionalOf(
        realNumber({
          minimum: 1e-9,
          maximum: 0.1,
          description: 'How likely a certificate is wrong; 0.001 when absent.',
        }),
      ),
      rows: optionalOf(wholeNumber({ minimum: 1, description: 'The first so many rows are used; 20 when absent.' })),
      ...SHARE_BOUNDS,
    },
    { more: false },
  ),
  async run({ min, drop, ...options }, context): Promise<TestOutcome> {
    const { radius = options.sigma / 2 } = options;
    const own = await certified(context.model, options, context);
    const before = context.baseline === undefined ? undefined : await certified(context.baseline, options, context);
    const bounds = { ...(min === undefined ? {} : { min }), ...(drop === undefined ? {} : { drop }) };
    return {
      measures: [
        shareMeasure(
          `certified accuracy of the smoothed model (L2 radius ${radius})`,
          within(own, radius),
          bounds,
          before && within(before, radius),
        ),
        shareMeasure('accuracy of the smoothed model', within(own, 0), {}, undefined),
        shareMeasure(
          'rows of which it says nothing',
          { count: own.filter(isSilent).length, of: own.length },
          {},
          undefined,
        ),
        {
          ...numberMeasure('median certified radius', median(own), {}),
          baseline: before === undefined ? null : median(before),
        },
      ],
      figures: [curveOf(own, before)],
    };
  },
});

/** The radius within which a row keeps its true label; below 0 for another label, and not a number where the model says nothing. */
type Certificate = number;

function isSilent(certificate: Certificate): boolean {
  return Number.isNaN(certificate);
}

/** Rows that keep their label within a radius: of 0, all that have a certificate. */
function within(all: readonly Certificate[], radius: number): Share {
  return { count: all.filter((one) => one >= radius).length, of: all.length };
}

/** Of all rows: those without a certificate have the radius 0. */
function median(all: readonly Certificate[]): number {
  const sorted = all.map((one) => (isSilent(one) ? 0 : Math.max(0, one))).sort((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  const [low = 0, high = 0] = [sorted[half - 1], sorted[half]];
  return sorted.length % 2 === 1 ? high : (low + high) / 2;
}

interface Noise {
  readonly sigma: number;
  readonly samples?: number;
  readonly alpha?: number;
  readonly rows?: number;
}

/** Certifies each row, as Cohen et al. do: the label by some noisy copies, and how often it is told by others. */
async function certified(model: TestedModel, noise: Noise, context: TestContext): Promise<readonly Certificate[]> {
  const { samples = USUAL.samples, alpha = USUAL.alpha, sigma } = noise;
  const { data, seed, onStep } = context;
  const count = Math.min(noise.rows ?? USUAL.rows, data.feeds.rows);
  const labels = trueLabels(data);
  const certificates: Certificate[] = [];
  for (let row = 0; row < count; row++) {
    onStep(`row ${row + 1} of ${count}`);
    const random = new SeededRandom(seed + Math.imul(row + 1, 0x9e3779b1));
    const selected = await told(model, row, { sigma, copies: USUAL.selection, random }, context);
    const [label] = [...selected].sort(([, a], [, b]) => b - a)[0] ?? [];
    const counted = await told(model, row, { sigma, copies: samples, random }, context);
    const low = label === undefined ? 0 : binomialLow(counted.get(label) ?? 0, samples, alpha);
    if (low <= 0.5) certificates.push(Number.NaN);
    else certificates.push(label === labels[row] ? sigma * normalQuantile(low) : -1);
  }
  return certificates;
}

interface Copies {
  readonly sigma: number;
  readonly copies: number;
  readonly random: SeededRandom;
}

/** How often the model gives each label to noisy copies of a row. */
async function told(
  model: TestedModel,
  row: number,
  { sigma, copies, random }: Copies,
  { data, signal }: TestContext,
): Promise<ReadonlyMap<Label, number>> {
  const [[input, tensor] = ['', undefined], ...others] = data.feeds.tensors;
  if (
    tensor?.type !== 'float32' ||
    others.length > 0 ||
    !hasRows(model.signature) ||
    model.signature.fixedRows !== undefined
  )
    throw new AssayError(
      'usage',
      `the data ${quotedName(data.name)} is not rows of one input of float32, of which the model takes any number`,
    );
  const width = tensor.data.length / data.feeds.rows;
  const own = tensor.data.subarray(row * width, (row + 1) * width);
  const counts = new Map<Label, number>();
  for (let from = 0; from < copies; from += PART) {
    throwIfAborted(signal);
    const rows = Math.min(PART, copies - from);
    const noisy = Float32Array.from(
      { length: rows * width },
      (_, at) => (own[at % width] ?? 0) + sigma * random.normal(),
    );
    const given = { type: 'float32' as const, dims: [rows, ...tensor.dims.slice(1)], data: noisy };
    const feeds: Feeds = { tensors: new Map([[input, given]]), rows, rounded: false };
    for (const label of predictedLabels(model.signature, await model.run(feeds)))
      counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  return counts;
}

function curveOf(own: readonly Certificate[], before: readonly Certificate[] | undefined): Figure {
  const most = Math.max(0, ...[...own, ...(before ?? [])].filter((one) => one > 0));
  const line = (name: string, all: readonly Certificate[]) => ({
    name,
    points: Array.from({ length: POINTS + 1 }, (_, at) => {
      const radius = (most * at) / POINTS;
      const { count, of } = within(all, radius);
      return { x: radius, y: of === 0 ? 0 : count / of };
    }),
  });
  return {
    kind: 'curve',
    title: 'certified accuracy of the smoothed model',
    x: 'L2 radius',
    y: 'share of rows that keep their true label',
    lines: [line('model', own), ...(before === undefined ? [] : [line('approved version', before)])],
  };
}
