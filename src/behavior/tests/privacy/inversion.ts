import type { Figure } from '../../../core/behavior/index.ts';
import { isAssayError, quotedName } from '../../../core/index.ts';
import { objectOf, optionalOf, realNumber, wholeNumber } from '../../../core/schema/index.ts';
import type { TestedModel } from '../../subject/index.ts';
import { type TestContext, type TestOutcome, testKind } from '../kind.ts';
import { numberMeasure, riseMeasure } from '../measures.ts';
import { openAttacked } from '../open-target.ts';
import { trueClasses } from '../predictions.ts';
import { keptRows } from '../rows.ts';
import { imageFigure, imageShape } from './image-figure.ts';
import { type Inverted, invert } from './invert.ts';
import { type Likeness, likenessOf } from './likeness.ts';

const USUAL = { steps: 100, rows: 1_000, classes: 10, rise: 0.05 };

const OPTIONS = objectOf(
  {
    lower: realNumber({ description: 'The least number that an input may have: 0 for pixels from 0 to 1.' }),
    upper: realNumber({ description: 'The greatest.' }),
    steps: optionalOf(wholeNumber({ minimum: 1, maximum: 10_000, description: '100 when absent.' })),
    classes: optionalOf(
      wholeNumber({
        minimum: 1,
        maximum: 100,
        description: 'The first so many classes are recovered; 10 when absent.',
      }),
    ),
    rows: optionalOf(
      wholeNumber({
        minimum: 2,
        maximum: 10_000,
        description: 'What is recovered is compared with the first so many rows; 1000 when absent.',
      }),
    ),
    max: optionalOf(
      realNumber({ minimum: -2, maximum: 2, description: 'The greatest likeness that passes: 0 is none, 1 is much.' }),
    ),
    rise: optionalOf(
      realNumber({
        minimum: 0,
        maximum: 4,
        description: 'How far it may be above the approved version (--baseline); 0.05 when neither is given.',
      }),
    ),
    height: optionalOf(
      wholeNumber({ minimum: 1, maximum: 4_096, description: 'Of the image that a row of numbers is, for figures.' }),
    ),
    width: optionalOf(wholeNumber({ minimum: 1, maximum: 4_096, description: 'Of the same.' })),
  },
  { more: false },
);

type Options = Parameters<(typeof INVERSION)['run']>[0];

/** Whether the model leads back to what the rows of a class look like. */
export const INVERSION = testKind({
  kind: 'inversion',
  area: 'inversion',
  title: 'how much inputs that are recovered from the model for a class are like the rows of that class',
  options: OPTIONS,
  async run(options, context): Promise<TestOutcome> {
    const own = await inverted(context.model, options, context);
    if (typeof own === 'string') return { measures: [], skipped: own };
    const { baseline } = context;
    const before = baseline === undefined ? undefined : await inverted(baseline, options, context);
    if (typeof before === 'string') return { measures: [], skipped: `of the approved version: ${before}` };
    const { likeness, found, figures } = own;
    const bounds = { ...options, usualRise: USUAL.rise };
    const measures = [
      riseMeasure('likeness of recovered inputs to their class', likeness.mean, null, bounds, before?.likeness.mean),
      numberMeasure(`largest likeness, of class ${likeness.largest.class}`, likeness.largest.value, {}),
      numberMeasure('closest row of the class, by its correlation', likeness.closest, {}),
      numberMeasure('classes that were recovered', found.reached.length, {}),
    ];
    const missed = [own, ...(before === undefined ? [] : [before])].find((one) => one.found.missed.length > 0);
    return {
      measures,
      figures,
      notes: likeness.notes,
      ...(missed === undefined
        ? {}
        : {
            skipped: `the gradient does not lead to class ${missed.found.missed.join(', ')}${missed === own ? '' : ' of the approved version'}`,
          }),
    };
  },
});

interface Run {
  readonly found: Inverted;
  readonly likeness: Likeness;
  readonly figures: readonly Figure[];
}

/** @returns why nothing can be told */
async function inverted(model: TestedModel, options: Options, context: TestContext): Promise<Run | string> {
  const { lower, upper, steps = USUAL.steps, rows = USUAL.rows, classes = USUAL.classes } = options;
  const { signal, onStep } = context;
  const data = keptRows(context.data, (row) => row < rows);
  const { target, rows: values, shape } = await openAttacked(model, data, rows);
  const { width } = target;
  try {
    const truth = trueClasses(data, target.classes);
    const image = imageShape(shape, options);
    const wanted = Array.from({ length: Math.min(classes, target.classes) }, (_, own) => own);
    const found = await invert(target, wanted, { lower, upper, steps, signal, onStep });
    const [hidden] = found.blocked;
    if (hidden !== undefined) return `the gradient is hidden by ${hidden.op} ${quotedName(hidden.name)}`;
    const likeness = await likenessOf(found, { values, width, classes: truth }, signal);
    if (typeof likeness === 'string') return likeness;
    const figures = wanted.flatMap((own, at) =>
      image === undefined
        ? []
        : [
            imageFigure(
              `recovered for class ${own}`,
              found.inputs.subarray(at * width, (at + 1) * width),
              image,
              lower,
              upper,
            ),
          ],
    );
    return { found, likeness, figures };
  } catch (error) {
    if (isAssayError(error) && error.code === 'unsupported') return error.message;
    throw error;
  } finally {
    await target.close();
  }
}
