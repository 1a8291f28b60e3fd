import { cut, quotedName } from '../../../core/index.ts';
import { isObject } from '../../../core/schema/index.ts';
import { type Distance, distanceBetween } from '../../statistics/index.ts';
import type { DatasetView, Detector, Feature, SqlRow } from '../detector.ts';
import { barsFigure, boundedMeasure, NO_BASELINE } from '../measures.ts';
import { statementNamed } from '../sql/index.ts';
import { aligned, frequent, isCount, readCounts, type ValueCounts } from './counts.ts';
import { CHANCE, PSI_FAILS } from './label-drift.ts';

/** How a feature is distributed: counts between edges (of rows without a value first), or of values. */
type Distribution =
  | { readonly kind: 'number'; readonly edges: readonly number[]; readonly counts: readonly number[] }
  | { readonly kind: 'category'; readonly counts: ValueCounts };

const MAX_FEATURES = 1_000;
const MAX_VALUES = 64;
/** Of that many different values a row, a column is an identifier or free text. */
const IDENTIFIER = 0.5;
const EDGES = ['e_a', 'e_b', 'e_c', 'e_d', 'e_e', 'e_f', 'e_g', 'e_h', 'e_i'];
const SHOWN = 10;
/** The length of the texts is a feature, too. */
const TEXT: Feature = { name: 'length of the text', type: 'BIGINT', key: 'length_of(text)', kind: 'number' };

/** Compares each feature with the approved baseline. */
export const featureDrift: Detector = {
  id: 'data.feature-drift',
  title: 'Are the features distributed as in the approved baseline?',
  needs: [],
  weight: 'decides',
  falseAlarms: 'one in 10,000 samples of the same population, over all features, by the level of its tests',
  unseen:
    'changes of how features go together, and changes of less than PSI 0.25; texts are compared by their length alone',
  run: async (view, baseline) => {
    const features = [
      ...(view.roles.has('text') ? [TEXT] : []),
      ...view.features.filter(({ kind }) => kind === 'number' || kind === 'category'),
    ];
    if (features.length === 0)
      return { status: 'not-assessed', detail: 'there are no columns of numbers or categories' };
    const before = readDistributions(baseline?.sketch);
    const compared: { readonly name: string; readonly distance: Distance }[] = [];
    const sketch: Record<string, Distribution> = {};
    for (const feature of features.slice(0, MAX_FEATURES)) {
      view.note(`looking at the column ${feature.name}`);
      await view.query(
        `CREATE OR REPLACE TEMPORARY VIEW feature AS SELECT row_number, split, ${feature.key} AS value FROM samples`,
      );
      const own = await distributionOf(view, feature, undefined);
      if (own === undefined) continue;
      sketch[feature.name] = own;
      const old = before?.get(feature.name);
      const now = old === undefined ? undefined : await distributionOf(view, feature, old);
      if (old !== undefined && now !== undefined) compared.push({ name: feature.name, distance: between(old, now) });
    }
    const kept = { flagged: 0, of: view.rows, sketch };
    if (before === undefined) return { status: 'not-assessed', detail: NO_BASELINE, kept };
    return { ...judge(compared), kept };
  },
};

function judge(compared: readonly { readonly name: string; readonly distance: Distance }[]) {
  const sorted = [...compared].sort((a, b) => b.distance.psi - a.distance.psi);
  const measures = sorted
    .slice(0, SHOWN)
    .map(({ name, distance }) =>
      boundedMeasure(`population stability index of ${cut(name, 100)}`, distance.psi, PSI_FAILS),
    );
  if (compared.length === 0)
    return { status: 'not-assessed', detail: 'the baseline has none of the columns', measures } as const;
  const figures = barsFigure(
    'Columns',
    `population stability index; ${PSI_FAILS} fails`,
    sorted.map(({ name, distance }) => ({ name, value: distance.psi })),
  );
  const failed = sorted.filter(({ distance: { psi, p } }) => psi >= PSI_FAILS && p < CHANCE / compared.length);
  if (failed.length === 0)
    return {
      status: 'pass',
      detail: `${compared.length} columns are distributed as in the baseline`,
      measures,
      figures,
    } as const;
  const names = failed.slice(0, 5).map(({ name, distance }) => `${quotedName(name)} (PSI ${distance.psi.toFixed(2)})`);
  return {
    status: 'fail',
    detail: `distributed otherwise than in the baseline: ${names.join(', ')}`,
    measures,
    figures,
  } as const;
}

function between(before: Distribution, after: Distribution): Distance {
  if (before.kind === 'category' && after.kind === 'category')
    return distanceBetween(...aligned(before.counts, after.counts));
  if (before.kind === 'number' && after.kind === 'number') return distanceBetween(before.counts, after.counts);
  return { psi: Number.POSITIVE_INFINITY, jensenShannon: 1, p: 0, effect: 1 };
}

/** Over the bins of `like`, or of its own; nothing for a column of identifiers, or without values. */
async function distributionOf(
  view: DatasetView,
  { kind }: Feature,
  like: Distribution | undefined,
): Promise<Distribution | undefined> {
  if (kind === 'number') {
    if (like !== undefined && like.kind !== 'number') return undefined;
    const edges = like?.edges ?? edgesOf(await view.query(statementNamed('quantiles')));
    if (edges === undefined) return undefined;
    const bins = await view.query(
      statementNamed('histogram'),
      Object.fromEntries(edges.map((edge, i) => [EDGES[i] ?? '', edge])),
    );
    const counts = new Map(bins.map(({ bin, seen }) => [Number(bin), Number(seen)]));
    return {
      kind: 'number',
      edges,
      counts: Array.from({ length: EDGES.length + 2 }, (_, i) => counts.get(i - 1) ?? 0),
    };
  }
  const [row] = await view.query(statementNamed('distinct-values'));
  if (view.rows > 2 * MAX_VALUES && Number(row?.different ?? 0) > IDENTIFIER * view.rows) return undefined;
  const values = (await view.query(statementNamed('categories'))).map(
    ({ value, seen }) => [String(value), Number(seen)] as const,
  );
  return { kind: 'category', counts: frequent(values, view.rows, like === undefined ? MAX_VALUES : values.length) };
}

function edgesOf([row]: readonly SqlRow[]): readonly number[] | undefined {
  const edges = Array.from({ length: EDGES.length }, (_, i) => row?.[`e${i + 1}`]);
  return edges.every((edge): edge is number => typeof edge === 'number') ? edges : undefined;
}

function readDistributions(sketch: unknown): ReadonlyMap<string, Distribution> | undefined {
  if (!isObject(sketch)) return undefined;
  return new Map(
    Object.entries(sketch).flatMap(([name, value]) => {
      const read = readDistribution(value);
      return read === undefined ? [] : [[name, read] as const];
    }),
  );
}

function readDistribution(value: unknown): Distribution | undefined {
  if (!isObject(value)) return undefined;
  if (value.kind === 'category') {
    const counts = readCounts(value.counts);
    return counts === undefined ? undefined : { kind: 'category', counts };
  }
  const { edges, counts } = value;
  if (!Array.isArray(edges) || edges.length !== EDGES.length || !edges.every((one) => Number.isFinite(one)))
    return undefined;
  if (!Array.isArray(counts) || counts.length !== EDGES.length + 2 || !counts.every(isCount)) return undefined;
  return { kind: 'number', edges: edges.map(Number), counts: counts.map(Number) };
}
