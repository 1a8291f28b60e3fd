import { describe, expect, test } from 'vitest';
import { seededRandoms } from '../../../src/behavior/attacks/random.ts';
import { deriveGradient } from '../../../src/behavior/gradient/derive.ts';
import { openRunner } from '../../../src/formats/onnx/run/runner.ts';
import type { RunTensor } from '../../../src/sandbox/tensors.ts';
import { arrayOf, arraysOf, modelOf, numbersOf, PATIENT, tensorOfArray } from './golden.ts';

const ARRAYS = arraysOf('gradients/operators.npz');
/** One model of each operator, the first. */
const NAMES = new Map(
  [...ARRAYS.keys()].reverse().flatMap((key) => {
    const [name = '', part] = key.split('/');
    return part === 'model' ? [[name.replace(/-.*/, ''), name] as const] : [];
  }),
);
const STEP = 2 ** -11;
/** Numbers of 32 bits leave few digits of a difference. */
const TOLERANCE = 0.01;

describe('the gradient of an operator is what differences say, in the bounded runner', () => {
  test.each([...NAMES])('%s', async (_, name) => {
    const array = (part: string) => arrayOf(ARRAYS, `${name}/${part}`);
    const model = await modelOf(Uint8Array.from(array('model').numbers), name);
    const { shape, numbers } = array('x');
    const random = seededRandoms(11)(0, 0);
    const direction = numbers.map(() => random.normal());
    const at = (reach: number): RunTensor => ({
      type: 'float32',
      dims: shape,
      data: Float32Array.from(numbers, (value, index) => value + reach * (direction[index] ?? 0)),
    });
    const derived = await deriveGradient({
      ...{ model, wrt: 'x', loss: { kind: 'product', output: 'y' } },
      ...{ example: new Map([['x', at(0)]]), bounds: PATIENT },
    });
    const runner = await openRunner({ model: derived.model, bounds: PATIENT });
    try {
      const weights = tensorOfArray(array('weights'));
      const results = [];
      for (const reach of [-STEP, 0, STEP])
        results.push(
          await runner.run(
            new Map([
              ['x', at(reach)],
              [derived.inputs.weights ?? '', weights],
            ]),
          ),
        );
      const [before, here, behind] = results;
      const [low, high] = [numbersOf(before?.get('y')), numbersOf(behind?.get('y'))];
      const gradient = numbersOf(here?.get(derived.outputs.gradient));
      const expected = gradient.reduce((sum, one, index) => sum + one * (direction[index] ?? 0), 0);
      const parts = array('weights').numbers.map(
        (weight, index) => (weight * ((high[index] ?? 0) - (low[index] ?? 0))) / (2 * STEP),
      );
      const difference = parts.reduce((sum, part) => sum + part, 0);
      const scale = 1 + Math.hypot(...parts);
      expect(Math.abs(difference - expected) / scale).toBeLessThan(TOLERANCE);
    } finally {
      await runner.close();
    }
  });
});
