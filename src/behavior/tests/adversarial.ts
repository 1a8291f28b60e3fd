import { AssayError, quotedName } from '../../core/index.ts';
import { objectOf, oneOf, optionalOf, realNumber, wholeNumber } from '../../core/schema/index.ts';
import { hasRows, someRows } from '../../formats/arrays/index.ts';
import {
  type AttackBatch,
  type AttackOptions,
  type AttackResult,
  type AttackTarget,
  apgd,
  fgsm,
  hopSkipJump,
  nes,
  openOnnxTarget,
  pgd,
  type SquareOptions,
  seededRandoms,
  simba,
  square,
  targetedApgd,
} from '../attacks/index.ts';
import type { TestedModel } from '../subject/index.ts';
import { type TestContext, type TestData, type TestOutcome, testKind } from './kind.ts';
import { numberMeasure, SHARE_BOUNDS, type Share, shareMeasure } from './measures.ts';
import { withoutGradient } from './open-target.ts';
import { areProbabilities, scoresOf, trueLabels } from './predictions.ts';

const GRADIENT = ['fgsm', 'pgd', 'apgd', 'apgd-t'] as const;
/** They ask for scores alone, the last for labels alone. */
const QUERIES = ['square', 'nes', 'simba', 'hop-skip-jump'] as const;
const USUAL = { rows: 100, steps: 20, queries: 300 };

const OPTIONS = objectOf(
  {
    attack: oneOf(
      [...GRADIENT, ...QUERIES],
      'By gradient: fgsm (one step), pgd, apgd (automatic steps), apgd-t (towards other classes). By queries: square, nes, simba, hop-skip-jump.',
    ),
    eps: realNumber({ minimum: 0, description: 'How far an input may be from its row.' }),
    norm: optionalOf(oneOf(['linf', 'l2'], 'What eps bounds: each number (linf, when absent), or all of a row (l2).')),
    lower: realNumber({ description: 'The least number that an input may have: 0 for pixels from 0 to 1.' }),
    upper: realNumber({ description: 'The greatest.' }),
    steps: optionalOf(wholeNumber({ minimum: 1, maximum: 10_000, description: '20 when absent.' })),
    restarts: optionalOf(wholeNumber({ minimum: 1, maximum: 1_000, description: 'Of pgd and apgd; 1 when absent.' })),
    queries: optionalOf(
      wholeNumber({
        minimum: 1,
        maximum: 1_000_000,
        description: 'Of attacks without a gradient, for each row; 300 when absent.',
      }),
    ),
    rows: optionalOf(wholeNumber({ minimum: 1, description: 'The first so many rows are attacked; 100 when absent.' })),
    ...SHARE_BOUNDS,
  },
  { more: false },
);

type Options = Parameters<(typeof ADVERSARIAL)['run']>[0];

/** Whether an attack needs no gradient. */
function isBlack(attack: string): boolean {
  return QUERIES.some((one) => one === attack);
}

/** The share of rows that keep their true label under an attack. */
export const ADVERSARIAL = testKind({
  kind: 'adversarial',
  area: 'adversarial',
  title: 'the share of rows that keep their true label under an attack within eps',
  options: OPTIONS,
  async run(options, context): Promise<TestOutcome> {
    const { model, baseline, data } = context;
    const attacked = await attackOn(model, options, context);
    if (typeof attacked === 'string') return { measures: [], skipped: attacked };
    const before = baseline === undefined ? undefined : await attackOn(baseline, options, context);
    if (typeof before === 'string') return { measures: [], skipped: `of the approved version: ${before}` };
    const measures = [
      shareMeasure(
        `robust accuracy (${options.attack}, eps ${options.eps})`,
        robust(attacked),
        options,
        before && robust(before),
      ),
      shareMeasure(
        'accuracy of these rows',
        { count: count(attacked.wrong, 0), of: attacked.wrong.length },
        {},
        undefined,
      ),
      numberMeasure(
        'most runs for a row',
        Math.max(0, ...attacked.queries.map((own, row) => own + (attacked.gradients[row] ?? 0))),
        {},
      ),
    ];
    const why = whyBlind(attacked) ?? (before === undefined ? undefined : whyBlind(before, ' of the approved version'));
    if (data.feeds.rows === 0 || why === undefined) return { measures };
    return { measures, skipped: why };
  },
});

function robust({ fell, wrong }: AttackResult): Share {
  return { count: fell.filter((own, row) => own === 0 && wrong[row] === 0).length, of: fell.length };
}

function count(values: Uint8Array, wanted: number): number {
  return values.filter((value) => value === wanted).length;
}

/** An attack that sees no gradient shows nothing: the rows may stand for that alone. */
function whyBlind({ blind, blocked, attack, unconfirmed }: AttackResult, whose = ''): string | undefined {
  if (unconfirmed > 0)
    return `${unconfirmed} rows${whose} fell, and not when they were run again: the model gives something else each time`;
  if (isBlack(attack)) return undefined;
  const [node] = blocked;
  const rows = count(blind, 1);
  if (node !== undefined)
    return `the gradient${whose} is hidden by ${node.op} ${quotedName(node.name)}: use attack: square`;
  return rows === 0 ? undefined : `${rows} rows${whose} have no gradient: use attack: square`;
}

/** @returns why there is no gradient, for an attack that needs one */
async function attackOn(model: TestedModel, options: Options, context: TestContext): Promise<AttackResult | string> {
  const { data, seed, signal, onStep } = context;
  const attacked = batchOf(model, data, options.rows ?? USUAL.rows);
  const { batch, input, shape } = attacked;
  const sample = someRows(data.feeds, 0, model.signature.fixedRows ?? Math.min(data.feeds.rows, 64));
  const sampled = scoresOf(model.signature, await model.run(sample));
  const output = model.signature.outputs.find(({ role }) => role === 'probabilities')?.name ?? '';
  const scores = areProbabilities(sampled) ? 'probabilities' : 'logits';
  const target = await openOnnxTarget({ ...model.running, input, shape, output, scores, runRows: model.rowsAtOnce });
  try {
    const wrong = batch.classes.findIndex((own) => own >= target.classes);
    if (wrong >= 0)
      throw new AssayError(
        'usage',
        `row ${wrong} of ${quotedName(data.name)} is of class ${batch.classes[wrong] ?? 0}, and the model has ${target.classes}`,
      );
    const without = isBlack(options.attack) ? undefined : await withoutGradient(target);
    if (without !== undefined) return `${without}: use attack: square`;
    const { eps, norm = 'linf', lower, upper } = options;
    const report = ({
      attack,
      step,
      steps,
      standing,
    }: {
      attack: string;
      step: number;
      steps: number;
      standing: number;
    }) => onStep(`${attack}, step ${step} of ${steps}, ${standing} rows stand`);
    const shared = { eps, norm, lower, upper, random: seededRandoms(seed), signal, onProgress: report };
    return await attackBy(options, target, attacked, shared);
  } finally {
    await target.close();
  }
}

async function attackBy(
  { attack, steps = USUAL.steps, restarts = 1, queries = USUAL.queries }: Options,
  target: AttackTarget,
  { batch, shape }: Attacked,
  shared: AttackOptions,
): Promise<AttackResult> {
  switch (attack) {
    case 'fgsm':
      return await fgsm(target, batch, shared);
    case 'pgd':
      return await pgd(target, batch, { ...shared, steps, restarts, stepSize: (2.5 * shared.eps) / steps });
    case 'apgd':
      return await apgd(target, batch, { ...shared, steps, restarts });
    case 'apgd-t':
      return await targetedApgd(target, batch, { ...shared, steps });
    case 'nes':
      return await nes(target, batch, { ...shared, steps, stepSize: (2.5 * shared.eps) / steps, budget: queries });
    case 'simba':
      return await simba(target, batch, {
        ...shared,
        tries: Math.ceil(queries / 2),
        stepSize: shared.eps,
        budget: queries,
      });
    case 'hop-skip-jump':
      return await hopSkipJump(target, batch, { ...shared, steps, budget: queries });
    case 'square':
      return await square(target, batch, { ...shared, queries, ...imageOf(shape) });
  }
}

/** Squares are of the pixels of an image, all channels of it. */
function imageOf(shape: readonly number[]): Pick<SquareOptions, 'image'> {
  const [channels, height, width, ...more] = shape;
  if (channels === undefined || height === undefined || width === undefined || more.length > 0) return {};
  return { image: [channels, height, width] };
}

interface Attacked {
  readonly batch: AttackBatch;
  readonly input: string;
  /** Of one row. */
  readonly shape: readonly number[];
}

/** The rows that are attacked, as numbers. @throws AssayError `usage` for data that is not rows of one input of numbers, with classes */
function batchOf({ signature }: TestedModel, data: TestData, rows: number): Attacked {
  const [entry, ...others] = [...data.feeds.tensors];
  const [input, tensor] = entry ?? [];
  if (!hasRows(signature))
    throw new AssayError(
      'usage',
      'what the model gives for a row depends on the rows beside it, or on chance: no row can be attacked',
    );
  if (input === undefined || tensor?.type !== 'float32' || others.length > 0)
    throw new AssayError(
      'usage',
      `the data ${quotedName(data.name)} is not rows of one input of float32, which can be attacked`,
    );
  const kept = Math.min(rows, data.feeds.rows);
  const width = tensor.data.length / data.feeds.rows;
  const classes = trueLabels(data)
    .slice(0, kept)
    .map((label) => {
      if (typeof label === 'bigint' && label >= 0n && label < 2n ** 31n) return Number(label);
      throw new AssayError('usage', `the labels of ${quotedName(data.name)} are not classes`, {
        hint: 'give the index of each class, from 0',
      });
    });
  return {
    batch: { inputs: tensor.data.slice(0, kept * width), classes: Int32Array.from(classes) },
    input,
    shape: tensor.dims.slice(1),
  };
}
