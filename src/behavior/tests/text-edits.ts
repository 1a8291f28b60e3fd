import type { Figure } from '../../core/behavior/index.ts';
import { AssayError, quotedName, SeededRandom } from '../../core/index.ts';
import { objectOf, optionalOf, wholeNumber } from '../../core/schema/index.ts';
import type { Feeds } from '../../formats/arrays/index.ts';
import type { TestedModel } from '../subject/index.ts';
import { editTexts, type TextEditResult, type TextScore } from '../text-edits/index.ts';
import { type TestContext, type TestOutcome, testKind } from './kind.ts';
import { numberMeasure, SHARE_BOUNDS, type Share, shareMeasure } from './measures.ts';
import { type Label, predictedLabels, scoresOf, trueLabels } from './predictions.ts';

const USUAL = { words: 5, rows: 100 };
const MAX_WORDS = 50;

/** The share of texts that keep their true label when words are misspelled. */
export const TEXT_EDITS = testKind({
  kind: 'text-edits',
  area: 'adversarial',
  title: 'the share of texts that keep their true label when the words that matter are misspelled by a character',
  options: objectOf(
    {
      words: optionalOf(
        wholeNumber({ minimum: 1, maximum: MAX_WORDS, description: 'Words of a text at most; 5 when absent.' }),
      ),
      rows: optionalOf(
        wholeNumber({ minimum: 1, description: 'The first so many texts are edited; 100 when absent.' }),
      ),
      ...SHARE_BOUNDS,
    },
    { more: false },
  ),
  async run({ words = USUAL.words, rows = USUAL.rows, ...bounds }, context): Promise<TestOutcome> {
    const texts = textsOf(context).slice(0, rows);
    const labels = trueLabels(context.data).slice(0, texts.length);
    const edited = (subject: TestedModel) => attackOn(subject, texts, labels, words, context);
    const own = await edited(context.model);
    const before = context.baseline === undefined ? undefined : await edited(context.baseline);
    const told = (result: TextEditResult, most: number): Share => ({
      count: result.words.filter((one) => one > most).length,
      of: result.words.length,
    });
    return {
      measures: [
        shareMeasure(
          `texts that keep their label (${words} words)`,
          told(own, words),
          bounds,
          before && told(before, words),
        ),
        shareMeasure('accuracy of these texts', told(own, 0), {}, undefined),
        numberMeasure('runs for a text', own.runs / texts.length, {}),
      ],
      figures: [curveOf(words, told, own, before)],
    };
  },
});

/** @throws AssayError `usage` for data that is not one input of texts, one a row */
function textsOf({ data }: TestContext): readonly string[] {
  const [tensor, ...others] = [...data.feeds.tensors.values()];
  if (tensor?.type === 'string' && others.length === 0 && tensor.data.length === data.feeds.rows) return tensor.data;
  throw new AssayError('usage', `the data ${quotedName(data.name)} is not rows of one input of texts`, {
    hint: 'give a model that takes texts themselves: { file: reviews.csv, columns: [text], as: <input> }',
  });
}

async function attackOn(
  model: TestedModel,
  texts: readonly string[],
  labels: readonly Label[],
  words: number,
  { data, seed, signal, onStep }: TestContext,
): Promise<TextEditResult> {
  const [[input, tensor] = ['', undefined]] = data.feeds.tensors;
  /** Where the score of the true label of a row is, of rows that are told. */
  const places: number[] = [];
  const scores = async (asked: readonly { readonly row: number; readonly text: string }[]): Promise<TextScore[]> => {
    const dims = [asked.length, ...(tensor?.dims.slice(1) ?? [])];
    const given = { type: 'string' as const, dims, data: asked.map(({ text }) => text) };
    const feeds: Feeds = { tensors: new Map([[input, given]]), rows: asked.length, rounded: false };
    const outputs = await model.run(feeds);
    const said = predictedLabels(model.signature, outputs);
    const { values, width } = scoresOf(model.signature, outputs);
    return asked.map(({ row }, at) => {
      const mine = values.subarray(at * width, (at + 1) * width);
      places[row] ??= mine.indexOf(Math.max(...mine));
      return { isTold: said[at] === labels[row], score: mine[places[row] ?? 0] ?? Number.NaN };
    });
  };
  const randomOf = (row: number) => new SeededRandom(seed + Math.imul(row + 1, 0x9e3779b1));
  const onWord = (word: number) => onStep(`word ${word} of ${words}`);
  return await editTexts(texts, scores, { words, randomOf, signal, onWord });
}

function curveOf(
  words: number,
  told: (result: TextEditResult, most: number) => Share,
  own: TextEditResult,
  before: TextEditResult | undefined,
): Figure {
  const line = (name: string, result: TextEditResult) => ({
    name,
    points: Array.from({ length: words + 1 }, (_, most) => {
      const { count, of } = told(result, most);
      return { x: most, y: count / of };
    }),
  });
  return {
    kind: 'curve',
    title: 'accuracy when words are misspelled',
    x: 'words of a text',
    y: 'share of texts that keep their true label',
    lines: [line('model', own), ...(before === undefined ? [] : [line('approved version', before)])],
  };
}
