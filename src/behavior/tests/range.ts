import { AssayError, quotedName } from '../../core/index.ts';
import { objectOf, optionalOf, realNumber, text } from '../../core/schema/index.ts';
import type { PlainArray } from '../../formats/arrays/index.ts';
import { testKind } from './kind.ts';
import { numberMeasure } from './measures.ts';

/** Sums of numbers of 32 bits are not exact. */
const SUM_TOLERANCE = 1e-3;

/** Whether outputs are finite numbers within bounds. */
export const RANGE = testKind({
  kind: 'range',
  area: 'known-input',
  title: 'outputs are finite numbers, within bounds (min, max), and each row has a given sum',
  options: objectOf(
    {
      output: optionalOf(text('The name of the output; every output of numbers when absent.')),
      min: optionalOf(realNumber({ description: 'No number is smaller.' })),
      max: optionalOf(realNumber({ description: 'No number is larger.' })),
      sum: optionalOf(realNumber({ description: 'The sum of each row, such as 1 for probabilities; within 0.001.' })),
    },
    { more: false },
  ),
  async run({ output, min, max, sum }, { model, data }) {
    const { outputs } = model.signature;
    if (output !== undefined && !outputs.some(({ name }) => name === output))
      throw new AssayError('usage', `the model has no output ${quotedName(output)}`);
    const results = await model.run(data.feeds);
    const chosen = [...results].filter(([name, { kind }]) =>
      output === undefined ? kind === 'numbers' : name === output,
    );
    return {
      measures: chosen.flatMap(([name, array]) => {
        const { low, high, strange } = extremesOf(array);
        return [
          numberMeasure(`values of ${name} that are not finite`, strange, { max: 0 }),
          ...(min === undefined ? [] : [numberMeasure(`smallest value of ${name}`, low, { min })]),
          ...(max === undefined ? [] : [numberMeasure(`largest value of ${name}`, high, { max })]),
          ...(sum === undefined
            ? []
            : [
                numberMeasure(`largest distance of a row of ${name} from its sum`, farthestSum(array, sum), {
                  max: SUM_TOLERANCE,
                }),
              ]),
        ];
      }),
    };
  },
});

function extremesOf(array: PlainArray): { low: number; high: number; strange: number } {
  let [low, high, strange] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  for (const value of array.kind === 'texts' ? [] : array.values) {
    const number = Number(value);
    if (!Number.isFinite(number)) strange++;
    else [low, high] = [Math.min(low, number), Math.max(high, number)];
  }
  return { low, high, strange };
}

/** Not a number where a sum is not. */
function farthestSum(array: PlainArray, wanted: number): number {
  const [rows = 0] = array.dims;
  if (array.kind === 'texts' || rows === 0) return Number.NaN;
  const width = array.values.length / rows;
  let farthest = 0;
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let column = 0; column < width; column++) sum += Number(array.values[row * width + column]);
    const off = Math.abs(sum - wanted);
    if (Number.isNaN(off)) return Number.NaN;
    farthest = Math.max(farthest, off);
  }
  return farthest;
}
