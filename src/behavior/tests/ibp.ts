import type { Figure, Measure } from '../../core/behavior/index.ts';
import { AssayError, isAssayError } from '../../core/index.ts';
import { array, objectOf, optionalOf, realNumber, type Static, union, wholeNumber } from '../../core/schema/index.ts';
import { Ball, predicted } from '../attacks/index.ts';
import { type Certifier, openCertifier } from '../interval-bounds/index.ts';
import type { TestedModel } from '../subject/index.ts';
import { type TestContext, type TestOutcome, testKind } from './kind.ts';
import { SHARE_BOUNDS, type Share, shareMeasure } from './measures.ts';
import { openAttacked } from './open-target.ts';
import { trueClasses } from './predictions.ts';

const USUAL_ROWS = 100;
const MAX_EPS = 20;

const distance = realNumber({ minimum: 0 });

const OPTIONS = objectOf(
  {
    eps: union([distance, array(distance, { minItems: 1, maxItems: MAX_EPS, uniqueItems: true })], {
      description: 'How far each number of an input may be from its row (linf); several give a curve.',
    }),
    lower: realNumber({ description: 'The least number that an input may have: 0 for pixels from 0 to 1.' }),
    upper: realNumber({ description: 'The greatest.' }),
    rows: optionalOf(wholeNumber({ minimum: 1, description: 'The first so many rows are used; 100 when absent.' })),
    ...SHARE_BOUNDS,
  },
  { more: false },
);

type Options = Static<typeof OPTIONS>;

/** The share of rows that keep their true label within eps, whatever the attack. */
export const IBP = testKind({
  kind: 'ibp',
  area: 'adversarial',
  title: 'rows that provably keep their true label within eps, by interval bound propagation (Gowal et al. 2018)',
  options: OPTIONS,
  async run(options, context): Promise<TestOutcome> {
    const { model, baseline } = context;
    if (!(options.lower < options.upper)) throw new AssayError('usage', 'lower is not below upper');
    const all = typeof options.eps === 'number' ? [options.eps] : [...options.eps].sort((a, b) => a - b);
    const own = await certifiedOn(model, all, options, context);
    if (typeof own === 'string') return { measures: [], skipped: own };
    const before = baseline === undefined ? undefined : await certifiedOn(baseline, all, options, context);
    if (typeof before === 'string') return { measures: [], skipped: `of the approved version: ${before}` };
    const { min, drop } = options;
    const [first, ...others] = own.certified.map((share, at): Measure => {
      // A least share is asked of the least eps, a drop of each.
      const bounds = { ...(min === undefined || at > 0 ? {} : { min }), ...(drop === undefined ? {} : { drop }) };
      return shareMeasure(`certified accuracy (eps ${all[at] ?? 0})`, share, bounds, before?.certified[at]);
    });
    const measures = [
      ...(first === undefined ? [] : [first]),
      shareMeasure('accuracy of these rows', own.told, {}, undefined),
      ...others,
    ];
    return { measures, figures: all.length > 1 ? [curveOf(all, own.certified, before?.certified)] : [] };
  },
});

interface Certified {
  readonly told: Share;
  /** Of each eps. */
  readonly certified: readonly Share[];
}

/** @returns why the model has no bounds */
async function certifiedOn(
  model: TestedModel,
  all: readonly number[],
  { lower, upper, rows: most = USUAL_ROWS }: Options,
  { data, signal, onStep }: TestContext,
): Promise<Certified | string> {
  if (data.feeds.rows === 0) return 'the data has no rows';
  const { target, rows, shape, isLogits } = await openAttacked(model, data, most);
  try {
    const classes = trueClasses(data, target.classes).slice(0, rows.length / target.width);
    const scores = await target.forward(rows);
    const told = classes.map((own, row) => Number(predicted(scoresOf(scores, row, target.classes)) === own));
    const certifier = await certifierOf(model, data.feeds, shape, isLogits);
    if (typeof certifier === 'string') return certifier;
    try {
      const certified: Share[] = [];
      for (const eps of all) {
        onStep(`eps ${eps}`);
        const ball = new Ball({ inputs: rows }, target.width, { eps, norm: 'linf', lower, upper });
        const end = (part: 'low' | 'high') =>
          rows.map((_, at) => ball[part](Math.floor(at / target.width), at % target.width));
        const found = await certifier.certified({ lower: end('low'), upper: end('high'), classes });
        // What is certain is told, too: a row that the model does not tell now has no certificate.
        certified.push({ count: found.filter((one, row) => one === 1 && told[row] === 1).length, of: classes.length });
        signal?.throwIfAborted();
      }
      return { told: { count: told.filter((one) => one === 1).length, of: told.length }, certified };
    } finally {
      await certifier.close();
    }
  } finally {
    await target.close();
  }
}

function scoresOf(scores: Float32Array, row: number, classes: number): Float32Array {
  return scores.subarray(row * classes, (row + 1) * classes);
}

async function certifierOf(
  { running, signature, rowsAtOnce }: TestedModel,
  { tensors }: TestContext['data']['feeds'],
  shape: readonly number[],
  isLogits: boolean,
): Promise<Certifier | string> {
  const [input = ''] = [...tensors.keys()];
  const output = signature.outputs.find(({ role }) => role === 'probabilities')?.name ?? '';
  const scores = isLogits ? 'logits' : 'probabilities';
  // Other devices may compute with fewer digits than numbers of 32 bits have.
  const { device: _device, ...settings } = running;
  try {
    return await openCertifier({
      ...settings,
      ...{ input, output, scores, shape, runRows: rowsAtOnce, fixedRows: signature.fixedRows },
    });
  } catch (error) {
    if (isAssayError(error) && error.code === 'unsupported')
      return `${error.message}${error.hint === undefined ? '' : ` (${error.hint})`}`;
    throw error;
  }
}

function curveOf(all: readonly number[], own: readonly Share[], before: readonly Share[] | undefined): Figure {
  const line = (name: string, shares: readonly Share[]) => ({
    name,
    points: shares.map(({ count, of }, at) => ({ x: all[at] ?? 0, y: of === 0 ? 0 : count / of })),
  });
  return {
    kind: 'curve',
    title: 'certified accuracy',
    x: 'eps',
    y: 'share of rows that provably keep their true label',
    lines: [line('model', own), ...(before === undefined ? [] : [line('approved version', before)])],
  };
}
