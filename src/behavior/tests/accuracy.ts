import { objectOf } from '../../core/schema/index.ts';
import { testKind } from './kind.ts';
import { SHARE_BOUNDS, shareMeasure } from './measures.ts';
import { equalLabels, predictedLabels, trueLabels } from './predictions.ts';

/** The share of rows whose label is the true one. */
export const ACCURACY = testKind({
  kind: 'accuracy',
  area: 'known-input',
  title: 'the share of rows with the true label, and how far it is below that of the approved version',
  options: objectOf(SHARE_BOUNDS, { more: false }),
  async run(bounds, { model, baseline, data }) {
    const wanted = trueLabels(data);
    const share = async (subject: typeof model) => ({
      count: equalLabels(predictedLabels(subject.signature, await subject.run(data.feeds)), wanted),
      of: wanted.length,
    });
    const before = baseline === undefined ? undefined : await share(baseline);
    return { measures: [shareMeasure('accuracy', await share(model), bounds, before)] };
  },
});
