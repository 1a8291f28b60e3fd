import { AssayError, quotedName, SeededRandom } from '../../core/index.ts';
import { array, objectOf, optionalOf, realNumber, wholeNumber } from '../../core/schema/index.ts';
import type { Feeds } from '../../formats/arrays/index.ts';
import { changedNumbers, hasNumbers } from './changed.ts';
import { type TestData, testKind } from './kind.ts';
import { SHARE_BOUNDS, shareMeasure } from './measures.ts';
import { equalLabels, predictedLabels } from './predictions.ts';

/** Whether labels stay when something changes that should not matter. */
export const INVARIANCE = testKind({
  kind: 'invariance',
  area: 'known-input',
  title: 'labels stay when numbers change that should not matter: noise, or columns that are shuffled among the rows',
  options: objectOf(
    {
      noise: optionalOf(
        realNumber({ description: 'The standard deviation of what is added to every number of an input.' }),
      ),
      shuffle: optionalOf(
        array(wholeNumber({ minimum: 0 }), {
          description: 'Columns, from 0, whose values are shuffled among the rows.',
        }),
      ),
      ...SHARE_BOUNDS,
    },
    { more: false },
  ),
  async run({ noise, shuffle, ...bounds }, { model, baseline, data, seed }) {
    if ((noise === undefined) === (shuffle === undefined))
      throw new AssayError('usage', 'says neither or both of noise and shuffle', { hint: 'give one: noise: 0.1' });
    if (!hasNumbers(data.feeds))
      throw new AssayError('usage', `the data ${quotedName(data.name)} has no input of real numbers to change`);
    const other = noise === undefined ? shuffled(data, shuffle ?? [], seed) : noisy(data.feeds, noise, seed);
    const share = async (subject: typeof model) => {
      const labels = predictedLabels(subject.signature, await subject.run(data.feeds));
      return {
        count: equalLabels(predictedLabels(subject.signature, await subject.run(other)), labels),
        of: labels.length,
      };
    };
    const before = baseline === undefined ? undefined : await share(baseline);
    return { measures: [shareMeasure('labels that stay', await share(model), bounds, before)] };
  },
});

function noisy(feeds: Feeds, noise: number, seed: number): Feeds {
  const random = new SeededRandom(seed);
  return changedNumbers(feeds, (value) => value + noise * random.normal());
}

function shuffled({ name, feeds }: TestData, columns: readonly number[], seed: number): Feeds {
  const [tensor, ...others] = [...feeds.tensors.values()];
  if (
    tensor === undefined ||
    others.length > 0 ||
    (tensor.type !== 'float32' && tensor.type !== 'float64') ||
    tensor.dims.length !== 2
  )
    throw new AssayError(
      'usage',
      `the data ${quotedName(name)} is not one table of numbers, whose columns can be shuffled`,
    );
  const width = tensor.dims[1] ?? 0;
  const wrong = columns.find((column) => column >= width);
  if (wrong !== undefined)
    throw new AssayError('usage', `the data ${quotedName(name)} has no column ${wrong}: they are 0 to ${width - 1}`);
  const order = new SeededRandom(seed).order(feeds.rows);
  const chosen = new Set(columns);
  return changedNumbers(feeds, (value, at, row) =>
    chosen.has(at) ? (tensor.data[(order[row] ?? row) * width + at] ?? value) : value,
  );
}
