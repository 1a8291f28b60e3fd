import { objectOf, optionalOf, realNumber } from '../../../core/schema/index.ts';
import { binomialTail } from '../../../core/statistics/index.ts';
import type { TestedModel } from '../../subject/index.ts';
import { type TestOutcome, testKind } from '../kind.ts';
import { numberMeasure, SHARE_BOUNDS, shareMeasure } from '../measures.ts';
import { equalLabels, type Label, predictedLabels, trueLabels } from '../predictions.ts';

const USUAL_P = 0.001;

/** Whether a model gives the labels of a set of triggers that its owner chose: it is theirs, or was made from theirs. */
export const WATERMARK = testKind({
  kind: 'watermark',
  area: 'extraction',
  title: 'the labels of the trigger set of its owner, more than another model would give by chance',
  options: objectOf(
    {
      ...SHARE_BOUNDS,
      chance: optionalOf(
        realNumber({
          minimum: 0,
          maximum: 1,
          description:
            'The share that a model without the mark matches: measure it on one. When absent, that of a model which always gives the most common label of the set.',
        }),
      ),
      'max-p': optionalOf(
        realNumber({
          minimum: 0,
          maximum: 1,
          description: 'The largest probability of so many matches by chance that passes; 0.001 when absent.',
        }),
      ),
    },
    { more: false },
  ),
  async run({ chance, 'max-p': max = USUAL_P, ...bounds }, { model, baseline, data }): Promise<TestOutcome> {
    const wanted = trueLabels(data);
    const share = async (subject: TestedModel) => ({
      count: equalLabels(predictedLabels(subject.signature, await subject.run(data.feeds)), wanted),
      of: wanted.length,
    });
    const before = baseline === undefined ? undefined : await share(baseline);
    const own = await share(model);
    const matches = shareMeasure('matches of the trigger set', own, bounds, before);
    const assumed = chance ?? commonest(wanted);
    if (assumed >= 1)
      return {
        measures: [matches],
        skipped: 'every trigger has the same label: say how many another model matches by chance (chance: 0.1)',
      };
    return {
      measures: [matches, numberMeasure('probability by chance', binomialTail(own.count, own.of, assumed), { max })],
      ...(chance === undefined ? { notes: [`chance is ${Number(assumed.toPrecision(3))}, as no other is given`] } : {}),
    };
  },
});

/** The share of the most common label. */
function commonest(labels: readonly Label[]): number {
  const counts = new Map<Label, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return Math.max(...counts.values()) / labels.length;
}
