import { describe, expect, test } from 'vitest';
import { deriveGradient } from '../../../src/behavior/gradient/derive.ts';
import { arrayOf, arraysOf, difference, modelOf, numbersOf, PATIENT, runHere, tensorOfArray } from './golden.ts';

const ARRAYS = arraysOf('gradients/operators.npz');
const NAMES = [...ARRAYS.keys()].filter((key) => key.endsWith('/model')).map((key) => key.slice(0, -'/model'.length));
const TOLERANCE = 3e-5;

describe('the gradient of an operator is that of torch.autograd', () => {
  test.each(NAMES)('%s', async (name) => {
    const array = (part: string) => arrayOf(ARRAYS, `${name}/${part}`);
    const model = await modelOf(Uint8Array.from(array('model').numbers), name);
    const x = tensorOfArray(array('x'));
    const derived = await deriveGradient({
      model,
      wrt: 'x',
      loss: { kind: 'product', output: 'y' },
      example: new Map([['x', x]]),
      bounds: PATIENT,
    });
    const weights = [derived.inputs.weights ?? '', tensorOfArray(array('weights'))] as const;
    const results = await runHere(derived.model, new Map([['x', x], weights]));
    expect(difference(numbersOf(results.get('y')), array('y').numbers)).toBeLessThanOrEqual(TOLERANCE);
    const gradient = results.get(derived.outputs.gradient);
    expect(gradient?.dims).toEqual(x.dims);
    expect(difference(numbersOf(gradient), array('gradient').numbers)).toBeLessThanOrEqual(TOLERANCE);
  });
});
