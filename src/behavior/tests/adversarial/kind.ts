import type { Figure, Measure } from '../../../core/behavior/index.ts';
import { quotedName } from '../../../core/index.ts';
import { type TestOutcome, testKind } from '../kind.ts';
import { numberMeasure, type Share, shareMeasure } from '../measures.ts';
import type { AttackFound } from './attack-by.ts';
import { attacksOn } from './attacked.ts';
import { isBlack, OPTIONS } from './options.ts';

/** The share of rows that keep their true label under an attack. */
export const ADVERSARIAL = testKind({
  kind: 'adversarial',
  area: 'adversarial',
  title: 'the share of rows that keep their true label under an attack within eps',
  options: OPTIONS,
  async run(options, context): Promise<TestOutcome> {
    const { model, baseline, data } = context;
    const all = typeof options.eps === 'number' ? [options.eps] : [...options.eps].sort((a, b) => a - b);
    const attacked = await attacksOn(model, options, all, context);
    if (typeof attacked === 'string') return { measures: [], skipped: attacked };
    const before = baseline === undefined ? undefined : await attacksOn(baseline, options, all, context);
    if (typeof before === 'string') return { measures: [], skipped: `of the approved version: ${before}` };
    const { min, drop } = options;
    const [first, ...others] = attacked.map((found, at): Measure => {
      const base = before?.[at];
      // A least share is asked of the least eps, a drop of each.
      const bounds = { ...(min === undefined || at > 0 ? {} : { min }), ...(drop === undefined ? {} : { drop }) };
      const name = `robust accuracy (${options.attack}, eps ${all[at] ?? 0})`;
      return shareMeasure(name, robust(found), bounds, base && robust(base));
    });
    const [found, beside] = [attacked[0], before?.[0]];
    const measures = [
      ...(first === undefined ? [] : [first]),
      ...(found === undefined ? [] : clean(found)),
      numberMeasure('most runs for a row', Math.max(0, ...attacked.map(mostRuns)), {}),
      ...others,
      ...(found?.nearest === undefined ? [] : [nearestMeasure(found.nearest, found, beside)]),
      ...attacked.flatMap((one, at) => felledMeasures(one, all.length > 1 ? `, eps ${all[at] ?? 0}` : '')),
    ];
    const figures = all.length > 1 ? [curveOf(options.attack, all, attacked, before)] : [];
    const why = [
      ...attacked.map((one) => whyBlind(one, options.attack)),
      ...(before ?? []).map((one) => whyBlind(one, options.attack, ' of the approved version')),
    ].find((one) => one !== undefined);
    const notes = formOf(options.attack, found);
    if (data.feeds.rows === 0 || why === undefined) return { measures, figures, notes };
    return { measures, figures, notes, skipped: why };
  },
});

/** In which form the steps ran, of attacks that have two. */
function formOf(attack: string, found: AttackFound | undefined): readonly string[] {
  if (found?.unlooped === undefined) return [];
  if (found.unlooped === '') return [`the steps of ${attack} ran as a loop in the graph`];
  return [`the steps of ${attack} ran one by one: ${found.unlooped}`];
}

function robust({ fell, wrong }: AttackFound): Share {
  return { count: fell.filter((own, row) => own === 0 && wrong[row] === 0).length, of: fell.length };
}

function clean({ wrong }: AttackFound): Measure[] {
  return [shareMeasure('accuracy of these rows', { count: count(wrong, 0), of: wrong.length }, {}, undefined)];
}

function mostRuns({ queries, gradients }: AttackFound): number {
  return queries.reduce((most, own, row) => Math.max(most, own + (gradients[row] ?? 0)), 0);
}

function count(values: Uint8Array, wanted: number): number {
  return values.filter((value) => value === wanted).length;
}

/** The median over rows that are told, of how far the nearest adversarial input is; not a number where none was found for most. */
function nearestMeasure(nearest: Float64Array, found: AttackFound, before: AttackFound | undefined): Measure {
  const measure = numberMeasure('median distance of the nearest adversarial input', median(nearest, found), {});
  const base = before?.nearest === undefined ? Number.NaN : median(before.nearest, before);
  return { ...measure, baseline: Number.isFinite(base) ? base : null };
}

function median(nearest: Float64Array, { wrong }: AttackFound): number {
  const told = nearest.filter((_, row) => wrong[row] === 0).sort();
  const half = Math.floor(told.length / 2);
  const [low, high] = [told[half - 1] ?? Number.NaN, told[half] ?? Number.NaN];
  return told.length % 2 === 1 ? high : (low + high) / 2;
}

function felledMeasures({ felled = [] }: AttackFound, where: string): Measure[] {
  return felled.map(({ attack, rows }) => numberMeasure(`rows that fell to ${attack}${where}`, rows, {}));
}

function curveOf(
  attack: string,
  all: readonly number[],
  own: readonly AttackFound[],
  before: readonly AttackFound[] | undefined,
): Figure {
  const line = (name: string, results: readonly AttackFound[]) => ({
    name,
    points: results.map((found, at) => {
      const { count: standing, of } = robust(found);
      return { x: all[at] ?? 0, y: of === 0 ? 0 : standing / of };
    }),
  });
  return {
    kind: 'curve',
    title: `robust accuracy under ${attack}`,
    x: 'eps',
    y: 'share of rows that keep their true label',
    lines: [line('model', own), ...(before === undefined ? [] : [line('approved version', before)])],
  };
}

/** An attack that sees no gradient shows nothing: the rows may stand for that alone. */
function whyBlind({ blind, blocked, unconfirmed }: AttackFound, attack: string, whose = ''): string | undefined {
  if (unconfirmed > 0)
    return `${unconfirmed} rows${whose} fell, and not when they were run again: the model gives something else each time`;
  if (isBlack(attack)) return undefined;
  const [node] = blocked;
  const rows = count(blind, 1);
  if (node !== undefined)
    return `the gradient${whose} is hidden by ${node.op} ${quotedName(node.name)}: use attack: square`;
  return rows === 0 ? undefined : `${rows} rows${whose} have no gradient: use attack: square`;
}
