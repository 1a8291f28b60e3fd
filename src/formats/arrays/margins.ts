import type { RunnableOutput } from './model.ts';
import type { PlainArray } from './plain-array.ts';

/** The output of a clusterer whose smallest column is its label. */
const DISTANCES = 'distances';

/**
 * Whether the label of a row is decided: its two best scores differ by more than a tolerance, or its only score is that far from
 * 0. Without scores, every row is.
 */
export function decidedRows(
  outputs: readonly RunnableOutput[],
  values: ReadonlyMap<string, PlainArray>,
  tolerance: number,
): (row: number) => boolean {
  const scores = scoresOf(outputs);
  const array = scores === undefined ? undefined : values.get(scores.name);
  if (scores === undefined || array === undefined || array.kind === 'texts') return () => true;
  const [rows = 0] = array.dims;
  const width = rows === 0 ? 0 : array.values.length / rows;
  const sign = scores.name === DISTANCES ? -1 : 1;
  return (row) => {
    let [first, second] = [Number.NEGATIVE_INFINITY, width === 1 ? 0 : Number.NEGATIVE_INFINITY];
    for (let column = 0; column < width; column++) {
      const score = sign * Number(array.values[row * width + column]);
      // What is not a number decides nothing, and is compared.
      if (Number.isNaN(score)) return true;
      if (score > first) [first, second] = [score, width === 1 ? 0 : first];
      else if (score > second) second = score;
    }
    return !(Math.abs(first - second) <= tolerance);
  };
}

/** What the label is made from. */
function scoresOf(outputs: readonly RunnableOutput[]): RunnableOutput | undefined {
  const withRole = (role: RunnableOutput['role']) => outputs.find((output) => output.role === role);
  return withRole('probabilities') ?? withRole('decision') ?? outputs.find(({ name }) => name === DISTANCES);
}
