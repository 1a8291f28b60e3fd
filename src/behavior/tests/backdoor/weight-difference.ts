import type { Measure } from '../../../core/behavior/index.ts';
import { isAssayError, quotedName } from '../../../core/index.ts';
import { objectOf, oneOf, optionalOf, realNumber, wholeNumber } from '../../../core/schema/index.ts';
import { structureOf } from '../../graph-audit/index.ts';
import type { TestedModel } from '../../subject/index.ts';
import { type ComparedTensor, compareWeights, type WeightComparison } from '../../weights/index.ts';
import { type TestContext, type TestOutcome, testKind } from '../kind.ts';
import { numberMeasure, openMeasure } from '../measures.ts';

/** What is named of each list. */
const MAX_NAMED = 10;
/** Why a graph cannot be followed. */
const REASONS: ReadonlySet<string> = new Set(['malformed', 'unsupported', 'limit']);

const OPTIONS = objectOf(
  {
    structure: optionalOf(
      oneOf(['same', 'any'], 'same (when absent): nodes, tensors and their shapes are those of the approved version.'),
    ),
    max: optionalOf(
      realNumber({
        minimum: 0,
        description: 'The largest difference of a tensor, over the length of the approved one.',
      }),
    ),
    changed: optionalOf(wholeNumber({ minimum: 0, description: 'The most tensors that may differ.' })),
    'low-rank': optionalOf(
      realNumber({
        minimum: 0,
        maximum: 1,
        description: 'The largest share of the difference of a matrix that its 4 largest singular values may hold.',
      }),
    ),
  },
  { more: false },
);

type Options = Parameters<(typeof WEIGHT_DIFFERENCE)['run']>[0];

/** What was changed since the approved version. Nothing is run. */
export const WEIGHT_DIFFERENCE = testKind({
  kind: 'weight-difference',
  area: 'backdoor',
  title: 'nodes, tensors and shapes are those of the approved version, and weights differ within bounds',
  options: OPTIONS,
  async run(options, { model, baseline, signal, onStep }): Promise<TestOutcome> {
    if (baseline === undefined) return { measures: [openMeasure('tensors that differ', options.changed ?? 0)] };
    const [own, approved] = [sideOf(model, signal), sideOf(baseline, signal)];
    const compared = await compareWeights(own, approved, onStep);
    const structure = await changedOutputs(own, approved);
    if (typeof structure === 'string' && options.structure !== 'any') return { measures: [], skipped: structure };
    const untold = compared.tensors.find(({ lowRank }) => Number.isNaN(lowRank));
    return {
      ...(untold === undefined || options['low-rank'] === undefined
        ? {}
        : { skipped: `the singular values of the difference of ${quotedName(untold.name)} cannot be told` }),
      measures: [...structureMeasures(compared, structure, options), ...weightMeasures(compared.tensors, options)],
      figures: [
        {
          kind: 'curve',
          title: 'difference of each tensor',
          x: 'tensor, in the order of the model',
          y: 'length of the difference / that of the approved tensor',
          lines: [{ name: 'model', points: pointsOf(compared.tensors) }],
        },
      ],
    };
  },
});

type Side = Parameters<typeof compareWeights>[0];

function sideOf({ running }: TestedModel, signal: TestContext['signal']): Side {
  return { model: running.model, source: { external: running.external, signal } };
}

/** The outputs that are computed in another way, or are not there; or why that cannot be told. */
async function changedOutputs(own: Side, approved: Side): Promise<readonly string[] | string> {
  try {
    const mine = await structureOf(own.model, own.source);
    const theirs = await structureOf(approved.model, approved.source);
    return [...new Set([...mine.keys(), ...theirs.keys()])].filter((name) => mine.get(name) !== theirs.get(name));
  } catch (error) {
    if (!isAssayError(error) || !REASONS.has(error.code)) throw error;
    return `the graphs cannot be compared: ${error.message}`;
  }
}

function structureMeasures(
  { added, removed, reshaped, addedNodes, removedNodes, changedLists }: WeightComparison,
  outputs: readonly string[] | string,
  { structure = 'same', changed }: Options,
): readonly Measure[] {
  const bounds = structure === 'same' ? { max: 0 } : {};
  const nodes = (counts: ReadonlyMap<string, number>) =>
    [...counts].map(([op, count]) => `${quotedName(op)}: ${count}`);
  const sum = (counts: ReadonlyMap<string, number>) => [...counts.values()].reduce((all, one) => all + one, 0);
  const lists: readonly (readonly [string, number, readonly string[]])[] = [
    ['nodes that the approved version does not have', sum(addedNodes), nodes(addedNodes)],
    ['nodes that it has alone', sum(removedNodes), nodes(removedNodes)],
    ['tensors that the approved version does not have', added.length, added.map(quotedName)],
    ['tensors that it has alone', removed.length, removed.map(quotedName)],
    ['tensors of another type or shape', reshaped.length, reshaped.map(quotedName)],
    ...(typeof outputs === 'string'
      ? []
      : [['outputs that are computed otherwise', outputs.length, outputs.map(quotedName)] as const]),
  ];
  return [
    ...lists.flatMap(([name, count, items]) => {
      const measure = numberMeasure(name, count, bounds);
      return count === 0 ? [measure] : [measure, { ...numberMeasure(shown(items), count, {}), pass: measure.pass }];
    }),
    numberMeasure('lists of numbers of nodes that differ', changedLists.length, { max: changed }),
  ];
}

function shown(items: readonly string[]): string {
  const more = items.length - MAX_NAMED;
  return `${items.slice(0, MAX_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function weightMeasures(tensors: readonly ComparedTensor[], options: Options): readonly Measure[] {
  const differ = tensors.filter(({ relative }) => relative !== 0);
  const sizes = tensors.map(({ relative }) => relative);
  const largest = sizes.some(Number.isNaN) ? Number.NaN : sizes.reduce((most, one) => Math.max(most, one), 0);
  const ranks = tensors.flatMap(({ lowRank }) => (lowRank === undefined || Number.isNaN(lowRank) ? [] : [lowRank]));
  const rank = ranks.reduce((most, one) => Math.max(most, one), 0);
  const measures = [
    numberMeasure('tensors that are compared', tensors.length, {}),
    numberMeasure('tensors that differ', differ.length, { max: options.changed }),
    numberMeasure('largest difference of a tensor / its length', largest, { max: options.max }),
    numberMeasure('largest share of a difference in 4 singular values', rank, { max: options['low-rank'] }),
  ];
  const named = differ
    .toSorted((a, b) => order(b.relative) - order(a.relative))
    .slice(0, MAX_NAMED)
    .map(({ name, dims, relative, lowRank }) => {
      const spectrum =
        lowRank === undefined || Number.isNaN(lowRank) ? '' : `, ${lowRank.toFixed(2)} of it in 4 singular values`;
      return numberMeasure(`difference of ${quotedName(name)} [${dims.join(', ')}]${spectrum}`, relative, {});
    });
  return [...measures, ...named];
}

/** What is not a number comes first. */
function order(value: number): number {
  return Number.isNaN(value) ? Number.MAX_VALUE : Math.min(value, Number.MAX_VALUE);
}

function pointsOf(tensors: readonly ComparedTensor[]): { readonly x: number; readonly y: number }[] {
  return tensors.flatMap(({ relative }, x) => (Number.isFinite(relative) ? [{ x, y: relative }] : []));
}
