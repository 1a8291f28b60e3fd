import { describe, expect, test } from 'vitest';
import { arrayOf, arraysOf, modelOf, tensorOfArray } from '../behavior/gradient/golden.ts';
import { soundnessOf } from '../support/interval-soundness.ts';

const ARRAYS = arraysOf('gradients/operators.npz');
const NAMES = [...ARRAYS.keys()].filter((key) => key.endsWith('/model')).map((key) => key.slice(0, -'/model'.length));
/** Operators that have no rule, or not with these attributes. */
const REFUSED =
  /^(?:Einsum|Resize|Softmax|LogSoftmax|GroupNorm|GRU|Gemm-(?:1|second|bias)|MatMul-both|Div-(?:from-constant|both)|Reduce(?:L1|L2|SumSquare|Log)|Pow-(?:integer|broadcast|exponent|zero)|Mean$|Where-both|Cast|Mish|Gelu|HardSwish|Swish|Log$|Tan$|Sin$|Cos$|ThresholdedRelu|LSTM|RNN|RMS)/;

describe('no number that an operator gives lies outside of its bounds', () => {
  test.each(NAMES)('%s', async (name) => {
    const model = await modelOf(Uint8Array.from(arrayOf(ARRAYS, `${name}/model`).numbers), name);
    const x = tensorOfArray(arrayOf(ARRAYS, `${name}/x`));
    if (x.type !== 'float32') throw new Error('the rows are not real numbers');
    const { valid, escaped, refused } = await soundnessOf(model, x, [0, 1e-3, 0.1, 3]);
    expect(escaped).toEqual([]);
    if (REFUSED.test(name)) expect(refused).toContain('has no interval bounds');
    else expect(valid.length, refused).toBeGreaterThanOrEqual(2);
  });
});
