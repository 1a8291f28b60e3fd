import type { Figure, Measure } from '../../../core/behavior/index.ts';
import { isAssayError, quotedName } from '../../../core/index.ts';
import { array, objectOf, optionalOf, type Static, wholeNumber } from '../../../core/schema/index.ts';
import type { TestedModel } from '../../subject/index.ts';
import { type FlipResult, hotFlip } from '../../token-search/index.ts';
import { type TestContext, type TestOutcome, testKind } from '../kind.ts';
import { numberMeasure, SHARE_BOUNDS, type Share, shareMeasure } from '../measures.ts';
import { trueClasses } from '../predictions.ts';
import { openTokens } from '../token-rows.ts';

const USUAL = { flips: 3, candidates: 16, rows: 100 };
const MAX_FLIPS = 50;
const MAX_CANDIDATES = 256;
const MAX_SPECIAL = 10_000;

const OPTIONS = objectOf(
  {
    special: array(wholeNumber({ minimum: 0 }), {
      maxItems: MAX_SPECIAL,
      uniqueItems: true,
      description: 'Tokens, by their ids, that are neither replaced nor put in: those of [CLS], [SEP], [PAD], [UNK].',
    }),
    flips: optionalOf(
      wholeNumber({
        minimum: 1,
        maximum: MAX_FLIPS,
        description: 'Tokens of a text that are replaced at most; 3 when absent.',
      }),
    ),
    candidates: optionalOf(
      wholeNumber({
        minimum: 1,
        maximum: MAX_CANDIDATES,
        description: 'Tried at each flip, the best by the gradient; 16 when absent.',
      }),
    ),
    rows: optionalOf(wholeNumber({ minimum: 1, description: 'The first so many rows are attacked; 100 when absent.' })),
    ...SHARE_BOUNDS,
  },
  { more: false },
);

type Options = Static<typeof OPTIONS>;

/** The share of texts that keep their true label when tokens are replaced by others that the gradient names. */
export const HOTFLIP = testKind({
  kind: 'hotflip',
  area: 'adversarial',
  title:
    'texts that keep their true label when tokens are replaced by those that the gradient names (Ebrahimi et al. 2018)',
  options: OPTIONS,
  async run(options, context): Promise<TestOutcome> {
    const { model, baseline } = context;
    const { flips: most = USUAL.flips, min, drop } = options;
    const own = await flipped(model, options, context);
    if (typeof own === 'string') return { measures: [], skipped: own };
    const before = baseline === undefined ? undefined : await flipped(baseline, options, context);
    if (typeof before === 'string') return { measures: [], skipped: `of the approved version: ${before}` };
    const bounds = { ...(min === undefined ? {} : { min }), ...(drop === undefined ? {} : { drop }) };
    const measures: Measure[] = [
      shareMeasure(`robust accuracy (${most} flips)`, standing(own, most), bounds, before && standing(before, most)),
      shareMeasure('accuracy of these rows', standing(own, 0), {}, undefined),
      numberMeasure('runs for a row', own.runs / Math.max(1, own.flips.length), {}),
    ];
    const figures = [curveOf(most, own, before)];
    if (own.blind + (before?.blind ?? 0) === 0) return { measures, figures };
    return {
      measures,
      figures,
      skipped: `${own.blind + (before?.blind ?? 0)} rows have no gradient, and show nothing`,
    };
  },
});

/** @returns why the attack cannot see */
async function flipped(
  model: TestedModel,
  { special, flips = USUAL.flips, candidates = USUAL.candidates, rows: most = USUAL.rows }: Options,
  { data, onStep }: TestContext,
): Promise<FlipResult | string> {
  try {
    const { target, rows, count } = await openTokens(model, data, most, special);
    try {
      const [scores] = await target.forward(rows);
      const classes = [...trueClasses(data, scores?.length ?? 0)].slice(0, count);
      const onFlip = (flip: number, left: number) => onStep(`flip ${flip} of ${flips}, ${left} rows stand`);
      const found = await hotFlip(target, rows, classes, { flips, candidates, onFlip });
      const [node] = target.blocked;
      if (node !== undefined)
        return `the gradient is hidden by ${node.op} ${quotedName(node.name)}: use kind: text-edits`;
      return found;
    } finally {
      await target.close();
    }
  } catch (error) {
    if (isAssayError(error) && error.code === 'unsupported') return error.message;
    throw error;
  }
}

function standing({ flips }: FlipResult, most: number): Share {
  return { count: flips.filter((one) => one > most).length, of: flips.length };
}

function curveOf(most: number, own: FlipResult, before: FlipResult | undefined): Figure {
  const line = (name: string, result: FlipResult) => ({
    name,
    points: Array.from({ length: most + 1 }, (_, at) => {
      const { count, of } = standing(result, at);
      return { x: at, y: of === 0 ? 0 : count / of };
    }),
  });
  return {
    kind: 'curve',
    title: 'robust accuracy under hotflip',
    x: 'tokens that are replaced',
    y: 'share of texts that keep their true label',
    lines: [line('model', own), ...(before === undefined ? [] : [line('approved version', before)])],
  };
}
