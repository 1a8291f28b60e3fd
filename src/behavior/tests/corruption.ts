import type { Figure, Measure } from '../../core/behavior/index.ts';
import { SeededRandom } from '../../core/index.ts';
import { array, objectOf, oneOf, optionalOf, realNumber, union, wholeNumber } from '../../core/schema/index.ts';
import { type Feeds, someRows } from '../../formats/arrays/index.ts';
import {
  CORRUPTION_SEVERITIES,
  CORRUPTIONS,
  type CorruptionName,
  type CorruptionSeverity,
  PixelRows,
} from '../corruptions/index.ts';
import type { TestedModel } from '../subject/index.ts';
import { type TestOutcome, testKind } from './kind.ts';
import { numberMeasure, SHARE_BOUNDS, type Share, type ShareBounds, shareMeasure } from './measures.ts';
import { equalLabels, predictedLabels, trueLabels } from './predictions.ts';

const USUAL_ROWS = 100;
const MAX_CHANNELS = 64;
const MAX_SIDE = 16_384;

const bound = (description: string) =>
  optionalOf(union([realNumber(), array(realNumber(), { minItems: 1, maxItems: MAX_CHANNELS })], { description }));

/** The share of rows that keep their true label when the image is damaged. */
export const CORRUPTION = testKind({
  kind: 'corruption',
  area: 'known-input',
  title:
    'the share of images with the true label under noise, blur, other light, JPEG and occlusion (Hendrycks and Dietterich 2019)',
  options: objectOf(
    {
      corruptions: optionalOf(
        array(oneOf(CORRUPTIONS), { minItems: 1, uniqueItems: true, description: 'All of them when absent.' }),
      ),
      lower: bound('The least number of a pixel, or that of each channel; 0 when absent.'),
      upper: bound('The greatest; 1 when absent.'),
      layout: optionalOf(oneOf(['nchw', 'nhwc'], 'nchw when absent.')),
      image: optionalOf(
        array(wholeNumber({ minimum: 1, maximum: MAX_SIDE }), {
          minItems: 3,
          maxItems: 3,
          description: 'Channels, height and width of rows that are lists of numbers.',
        }),
      ),
      rows: optionalOf(wholeNumber({ minimum: 1, description: 'The first so many rows are used; 100 when absent.' })),
      ...SHARE_BOUNDS,
    },
    { more: false },
  ),
  async run({ corruptions = CORRUPTIONS, rows = USUAL_ROWS, ...options }, context): Promise<TestOutcome> {
    const { model, baseline, data, seed } = context;
    const feeds = someRows(data.feeds, 0, Math.min(rows, data.feeds.rows));
    const pixels = new PixelRows(data.name, feeds, options);
    const labels = trueLabels(data).slice(0, feeds.rows);
    const right = async (subject: TestedModel, given: Feeds): Promise<Share> => ({
      count: equalLabels(predictedLabels(subject.signature, await subject.run(given)), labels),
      of: labels.length,
    });
    const own: Damage = { clean: await right(model, feeds), under: new Map() };
    const before: Damage | undefined =
      baseline === undefined ? undefined : { clean: await right(baseline, feeds), under: new Map() };
    for (const [at, name] of corruptions.entries()) {
      for (const severity of CORRUPTION_SEVERITIES) {
        context.onStep(`${name}, severity ${severity} (${at + 1} of ${corruptions.length})`);
        const damaged = pixels.damaged(
          name,
          severity,
          new SeededRandom(seed + at * CORRUPTION_SEVERITIES.length + severity),
        );
        note(own, name, severity, await right(model, damaged));
        if (baseline !== undefined && before !== undefined)
          note(before, name, severity, await right(baseline, damaged));
      }
    }
    const { min, drop } = options;
    const bounds = { ...(min === undefined ? {} : { min }), ...(drop === undefined ? {} : { drop }) };
    return { measures: measuresOf(own, before, bounds), figures: [figureOf(own, before)] };
  },
});

/** Rows that are told, without corruption and under each. */
interface Damage {
  readonly clean: Share;
  readonly under: Map<CorruptionName, Map<CorruptionSeverity, Share>>;
}

function note({ under }: Damage, name: CorruptionName, severity: CorruptionSeverity, share: Share): void {
  const known = under.get(name) ?? new Map<CorruptionSeverity, Share>();
  known.set(severity, share);
  under.set(name, known);
}

function sumOf(shares: Iterable<Share>): Share {
  return [...shares].reduce((sum, one) => ({ count: sum.count + one.count, of: sum.of + one.of }), { count: 0, of: 0 });
}

function allOf({ under }: Damage): Share {
  return sumOf([...under.values()].flatMap((all) => [...all.values()]));
}

function measuresOf(own: Damage, before: Damage | undefined, bounds: ShareBounds): Measure[] {
  return [
    // The same rows are counted again and again: the interval of independent ones does not hold.
    {
      ...shareMeasure('mean accuracy under corruption', allOf(own), bounds, before && allOf(before)),
      interval: null,
    },
    shown('accuracy of these rows', own.clean, before?.clean),
    ...[...own.under].map(([name, all]) => {
      const base = before?.under.get(name);
      const share = shown(`accuracy under ${name}`, sumOf(all.values()), base && sumOf(base.values()));
      return { ...share, interval: null };
    }),
    ...(before === undefined
      ? []
      : [numberMeasure('mean corruption error, of that of the approved version', mce(own, before), {})]),
  ];
}

/** A share of which nothing is asked. */
function shown(name: string, share: Share, before: Share | undefined): Measure {
  return { ...shareMeasure(name, share, {}, undefined), baseline: before === undefined ? null : ratio(before) };
}

/** The mean over corruptions of the ratio of the errors: mCE. Not a number where the approved version makes none. */
function mce(own: Damage, before: Damage): number {
  const ratios = [...own.under].map(([name, all]) => {
    const [mine, base] = [sumOf(all.values()), sumOf(before.under.get(name)?.values() ?? [])];
    return (mine.of - mine.count) / (base.of - base.count);
  });
  return ratios.reduce((sum, one) => sum + one, 0) / ratios.length;
}

function figureOf(own: Damage, before: Damage | undefined): Figure {
  const points = (damage: Damage, shareAt: (severity: CorruptionSeverity) => Share) => [
    { x: 0, y: ratio(damage.clean) },
    ...CORRUPTION_SEVERITIES.map((severity) => ({ x: severity, y: ratio(shareAt(severity)) })),
  ];
  const mean = (damage: Damage) =>
    points(damage, (severity) => sumOf([...damage.under.values()].flatMap((all) => all.get(severity) ?? [])));
  return {
    kind: 'curve',
    title: 'accuracy under corruption',
    x: 'severity, 0 without corruption',
    y: 'share of rows with the true label',
    lines: [
      { name: 'mean', points: mean(own) },
      ...(before === undefined ? [] : [{ name: 'mean of the approved version', points: mean(before) }]),
      ...[...own.under].map(([name, all]) => ({
        name,
        points: points(own, (severity) => all.get(severity) ?? { count: 0, of: 0 }),
      })),
    ],
  };
}

function ratio({ count, of }: Share): number {
  return count / Math.max(1, of);
}
