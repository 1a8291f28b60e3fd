import { AssayError, quotedName } from '../../core/index.ts';
import { objectOf, oneOf, optionalOf, realNumber, text, wholeNumber } from '../../core/schema/index.ts';
import type { Outputs } from '../../formats/arrays/index.ts';
import type { Signature } from '../subject/index.ts';
import { changedNumbers, hasNumbers } from './changed.ts';
import { testKind } from './kind.ts';
import { SHARE_BOUNDS, shareMeasure } from './measures.ts';

/** Whether an output moves the way that it should when a column grows. */
export const DIRECTION = testKind({
  kind: 'direction',
  area: 'known-input',
  title: 'an output rises, or falls, when a column grows by a given amount',
  options: objectOf(
    {
      column: wholeNumber({ minimum: 0, description: 'The column that changes, from 0.' }),
      by: realNumber({ description: 'What is added to it.' }),
      output: text('The output that is looked at.'),
      element: optionalOf(
        wholeNumber({ minimum: 0, description: 'Which of the numbers of a row, from 0; the first when absent.' }),
      ),
      moves: oneOf(['up', 'down'], 'Where it should move; a row in which it stays counts as well.'),
      ...SHARE_BOUNDS,
    },
    { more: false },
  ),
  async run({ column, by, output, element = 0, moves, ...bounds }, { model, baseline, data }) {
    if (!hasNumbers(data.feeds))
      throw new AssayError('usage', `the data ${quotedName(data.name)} has no input of real numbers to change`);
    const other = changedNumbers(data.feeds, (value, at) => (at === column ? value + by : value));
    const share = async (subject: typeof model) => {
      const before = numbersOf(subject.signature, await subject.run(data.feeds), output, element);
      const after = numbersOf(subject.signature, await subject.run(other), output, element);
      const right = before.filter((value, row) => {
        const moved = (after[row] ?? Number.NaN) - value;
        return moves === 'up' ? moved >= 0 : moved <= 0;
      });
      return { count: right.length, of: before.length };
    };
    const before = baseline === undefined ? undefined : await share(baseline);
    return { measures: [shareMeasure(`rows whose ${output} moves ${moves}`, await share(model), bounds, before)] };
  },
});

/** One number of each row. */
function numbersOf(signature: Signature, outputs: Outputs, name: string, element: number): Float64Array {
  const array = signature.outputs.some((output) => output.name === name) ? outputs.get(name) : undefined;
  if (array === undefined) throw new AssayError('usage', `the model has no output ${quotedName(name)}`);
  const [rows = 0] = array.dims;
  const width = rows === 0 ? 0 : array.values.length / rows;
  if (array.kind === 'texts' || element >= width)
    throw new AssayError('usage', `the output ${quotedName(name)} has no number ${element} in each row`);
  return Float64Array.from({ length: rows }, (_, row) => Number(array.values[row * width + element]));
}
