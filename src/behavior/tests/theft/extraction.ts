import type { Figure } from '../../../core/behavior/index.ts';
import { AssayError, quotedName, SeededRandom } from '../../../core/index.ts';
import { array, objectOf, oneOf, optionalOf, realNumber, wholeNumber } from '../../../core/schema/index.ts';
import type { TestedModel } from '../../subject/index.ts';
import { type TestContext, type TestData, type TestOutcome, testKind } from '../kind.ts';
import { numberMeasure, riseMeasure, type Share, wilson } from '../measures.ts';
import { type RowNumbers, rowNumbers } from '../numbers.ts';
import { keptRows } from '../rows.ts';
import { type Answers, modelAnswers } from './answers.ts';
import { Substitute } from './substitute.ts';

const USUAL = { budgets: [100, 400, 1_200], rise: 0.03 };
/** Rows that a substitute is compared on. */
const HELD_OUT = { least: 20, most: 1_000 };

const OPTIONS = objectOf(
  {
    budgets: optionalOf(
      array(wholeNumber({ minimum: 1, maximum: 10_000 }), {
        minItems: 1,
        maxItems: 10,
        description: 'Queries that a substitute learns from; 100, 400 and 1200 when absent, as far as there are rows.',
      }),
    ),
    answers: optionalOf(
      oneOf(
        ['scores', 'labels'],
        'What a query is answered by; scores when absent, or labels of a model without them.',
      ),
    ),
    max: optionalOf(
      realNumber({
        minimum: 0,
        maximum: 1,
        description: 'The largest share of equal answers that passes, at the largest budget.',
      }),
    ),
    rise: optionalOf(
      realNumber({
        minimum: 0,
        maximum: 1,
        description: 'How far it may be above the approved version (--baseline); 0.03 when neither is given.',
      }),
    ),
  },
  { more: false },
);

/** How well a substitute that learned from some queries answers as the model does. */
export const EXTRACTION = testKind({
  kind: 'extraction',
  area: 'extraction',
  title: 'how often a substitute that learned from queries answers as the model does',
  options: OPTIONS,
  async run(options, context): Promise<TestOutcome> {
    const { data, seed, model, baseline } = context;
    const parts = partsOf(data, seed);
    const budgets = budgetsOf(options.budgets, parts.pool.feeds.rows, data);
    const own = await fidelities(model, parts, budgets.kept, options.answers, context);
    if (typeof own === 'string') return { measures: [], skipped: own };
    const before =
      baseline === undefined ? undefined : await fidelities(baseline, parts, budgets.kept, options.answers, context);
    if (typeof before === 'string') return { measures: [], skipped: `of the approved version: ${before}` };
    const bounds = { ...options, usualRise: USUAL.rise };
    const measures = own.shares.map((share, at) =>
      riseMeasure(
        `fidelity after ${budgets.kept[at] ?? 0} queries`,
        ratioOf(share),
        wilson(share),
        at === own.shares.length - 1 ? bounds : {},
        before === undefined ? undefined : ratioOf(before.shares[at] ?? share),
      ),
    );
    return {
      measures: [...measures, numberMeasure('share of the most common answer', own.common, {})],
      figures: [figureOf(budgets.kept, own.shares, before?.shares)],
      notes: [
        `compared on ${parts.held.feeds.rows} rows`,
        ...(budgets.left.length === 0 ? [] : [`there are too few rows for ${budgets.left.join(', ')} queries`]),
      ],
    };
  },
});

interface Parts {
  /** What is asked. */
  readonly pool: TestData;
  readonly held: TestData;
}

/** @throws AssayError `usage` for too few rows */
function partsOf(data: TestData, seed: number): Parts {
  const { rows } = data.feeds;
  const held = Math.min(HELD_OUT.most, Math.floor(rows / 3));
  if (held < HELD_OUT.least)
    throw new AssayError(
      'usage',
      `the data ${quotedName(data.name)} has ${rows} rows, and ${3 * HELD_OUT.least} are needed`,
      {
        hint: 'a third of them is held back, to compare the substitute with the model',
      },
    );
  const heldOut = new Set(new SeededRandom(seed).order(rows).subarray(0, held));
  return { pool: keptRows(data, (row) => !heldOut.has(row)), held: keptRows(data, (row) => heldOut.has(row)) };
}

/** @throws AssayError `usage` for a budget that is asked for and is larger than the data */
function budgetsOf(
  asked: readonly number[] | undefined,
  rows: number,
  { name }: TestData,
): { readonly kept: readonly number[]; readonly left: readonly number[] } {
  const all = [...new Set(asked ?? USUAL.budgets)].sort((a, b) => a - b);
  const left = all.filter((budget) => budget > rows);
  const kept = all.filter((budget) => budget <= rows);
  if ((asked !== undefined && left.length > 0) || kept.length === 0)
    throw new AssayError('usage', `the data ${quotedName(name)} has ${rows} rows for ${left.join(', ')} queries`, {
      hint: 'give more rows, or smaller budgets; a third of the rows is held back for the comparison',
    });
  return { kept, left };
}

interface Fidelities {
  /** Of each budget: the rows that were held back for which substitute and model answer the same. */
  readonly shares: readonly Share[];
  readonly common: number;
}

async function fidelities(
  model: TestedModel,
  { pool, held }: Parts,
  budgets: readonly number[],
  kind: 'scores' | 'labels' | undefined,
  { seed, signal, onStep }: TestContext,
): Promise<Fidelities | string> {
  const [queries, compared] = [rowNumbers(pool.feeds, pool.name), rowNumbers(held.feeds, held.name)];
  const answers = modelAnswers(model.signature, await model.run(pool.feeds), await model.run(held.feeds), kind);
  if (typeof answers === 'string') return answers;
  const order = new SeededRandom(seed + 1).order(queries.rows);
  const shares: Share[] = [];
  for (const budget of budgets) {
    onStep(`learning from ${budget} queries`);
    const lesson = lessonOf(queries, answers, order.subarray(0, budget));
    const substitute = await Substitute.train(lesson, { seed, signal });
    const own = substitute.answer(compared);
    shares.push({ count: own.filter((one, row) => one === answers.held[row]).length, of: compared.rows });
  }
  const counts = new Map<number, number>();
  for (const one of answers.held) counts.set(one, (counts.get(one) ?? 0) + 1);
  return { shares, common: Math.max(...counts.values()) / compared.rows };
}

function lessonOf({ values, width }: RowNumbers, { pool, classes }: Answers, rows: Uint32Array) {
  const numbers = new Float64Array(rows.length * width);
  const answers = new Float64Array(rows.length * classes);
  for (const [at, row] of rows.entries()) {
    numbers.set(values.subarray(row * width, (row + 1) * width), at * width);
    answers.set(pool.subarray(row * classes, (row + 1) * classes), at * classes);
  }
  return { rows: { rows: rows.length, width, values: numbers }, answers, classes };
}

function ratioOf({ count, of }: Share): number {
  return count / of;
}

function figureOf(budgets: readonly number[], own: readonly Share[], before: readonly Share[] | undefined): Figure {
  const line = (name: string, shares: readonly Share[]) => ({
    name,
    points: shares.map((share, at) => ({ x: budgets[at] ?? 0, y: ratioOf(share) })),
  });
  return {
    kind: 'curve',
    title: 'fidelity of a substitute',
    x: 'queries',
    y: 'share of equal answers',
    lines: [line('model', own), ...(before === undefined ? [] : [line('approved version', before)])],
  };
}
