import { deriveIntervals } from '../../src/behavior/interval-bounds/derive.ts';
import { isAssayError } from '../../src/core/errors.ts';
import { SeededRandom } from '../../src/core/random.ts';
import type { OnnxModel } from '../../src/formats/onnx/model.ts';
import type { RunTensor } from '../../src/sandbox/tensors.ts';
import { numbersOf, PATIENT, runHere } from '../behavior/gradient/golden.ts';

type Reals = Extract<RunTensor, { readonly type: 'float32' }>;

/** What was found of the bounds of the output `y` of a model by its input `x`. */
export interface Soundness {
  /** Why there are no bounds. */
  readonly refused?: string;
  /** The radii whose bounds hold by the model's own account. */
  readonly valid: readonly number[];
  /** Numbers that the model gave outside of its bounds, as sentences. */
  readonly escaped: readonly string[];
}

const POINTS = 6;

/** Runs a model on ends, corners and random points of boxes of some radii around rows, and compares with the bounds of each box. */
export async function soundnessOf(model: OnnxModel, x: Reals, radii: readonly number[], seed = 3): Promise<Soundness> {
  const example = new Map([['x', x]]);
  const found = await deriveIntervals({ model, input: 'x', output: 'y', example, bounds: PATIENT }).catch(refusal);
  if (typeof found === 'string') return { refused: found, valid: [], escaped: [] };
  const random = new SeededRandom(seed);
  const valid: number[] = [];
  const escaped: string[] = [];
  for (const radius of radii) {
    const ends = [-radius, radius].map((by): Reals => ({ ...x, data: x.data.map((value) => value + by) }));
    const [lower = x, upper = x] = ends;
    const given = new Map([
      ['x', x],
      [found.inputs.lower, lower],
      [found.inputs.upper, upper],
    ]);
    const results = await runHere(found.model, given);
    if (numbersOf(results.get(found.outputs.valid))[0] !== 1) continue;
    valid.push(radius);
    const [low, high] = [numbersOf(results.get(found.outputs.lower)), numbersOf(results.get(found.outputs.upper))];
    const tried = [lower, upper, ...Array.from({ length: POINTS }, (_, at) => pointOf(lower, upper, random, at < 3))];
    for (const point of tried) {
      const y = numbersOf((await runHere(model, new Map([['x', point]]))).get('y'));
      if (y.length !== low.length) throw new Error(`${low.length} bounds of ${y.length} numbers`);
      for (const [at, value] of y.entries())
        if (!(value >= Number(low[at]) && value <= Number(high[at])))
          escaped.push(`radius ${radius}, number ${at}: ${value} is not from ${low[at]} to ${high[at]}`);
    }
  }
  return { valid, escaped };
}

function refusal(error: unknown): string {
  if (isAssayError(error) && error.code === 'unsupported') return error.message;
  throw error;
}

/** A point of a box, or one of its corners. */
function pointOf(lower: Reals, upper: Reals, random: SeededRandom, isCorner: boolean): Reals {
  const data = lower.data.map((low, at) => {
    const high = upper.data[at] ?? low;
    const share = isCorner ? Math.round(random.unit()) : random.unit();
    return Math.min(high, Math.max(low, low + share * (high - low)));
  });
  return { ...lower, data };
}
