import { AssayError } from '../../core/index.ts';
import { objectOf, optionalOf, wholeNumber } from '../../core/schema/index.ts';
import { type TestData, testKind } from './kind.ts';
import { SHARE_BOUNDS, shareMeasure } from './measures.ts';
import { scoresOf, trueLabels } from './predictions.ts';

const USUAL_TOP = 5;

/** The share of rows whose true class is among the highest scores. */
export const RANKING = testKind({
  kind: 'ranking',
  area: 'known-input',
  title: 'the share of rows whose true class is among the highest scores (top: 5)',
  options: objectOf(
    {
      top: optionalOf(wholeNumber({ minimum: 1, description: 'How many of the highest scores count; 5 when absent.' })),
      ...SHARE_BOUNDS,
    },
    { more: false },
  ),
  async run({ top = USUAL_TOP, ...bounds }, { model, baseline, data }) {
    const classes = classesOf(data);
    const share = async (subject: typeof model) => {
      const { values, width } = scoresOf(subject.signature, await subject.run(data.feeds));
      const among = classes.filter((own, row) => rankOf(values.subarray(row * width, (row + 1) * width), own) < top);
      return { count: among.length, of: classes.length };
    };
    const before = baseline === undefined ? undefined : await share(baseline);
    return { measures: [shareMeasure(`top-${top} accuracy`, await share(model), bounds, before)] };
  },
});

function classesOf(data: TestData): readonly number[] {
  return trueLabels(data).map((label) => {
    if (typeof label === 'bigint') return Number(label);
    throw new AssayError('usage', 'the labels of a ranking are texts', { hint: 'give the index of each class' });
  });
}

/** How many scores are higher. A score that is not a number, or not there, is ranked last. */
function rankOf(scores: Float64Array, own: number): number {
  const score = scores[own];
  if (score === undefined || Number.isNaN(score)) return Number.POSITIVE_INFINITY;
  // Equal scores before it count as higher: of equal scores, the first is the label.
  return scores.filter((other, at) => other > score || (other === score && at < own)).length;
}
