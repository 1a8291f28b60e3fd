import { describe, expect, test } from 'vitest';
import { deriveGradient } from '../../../src/behavior/gradient/derive.ts';
import type { Loss } from '../../../src/behavior/gradient/loss.ts';
import type { OnnxModel } from '../../../src/formats/onnx/model.ts';
import { arrayOf, arraysOf, difference, modelOf, numbersOf, PATIENT, runHere, tensorOfArray } from './golden.ts';

const ARRAYS = arraysOf('gradients/networks.npz');
const TOLERANCE = 3e-5;
const KINDS = ['cross-entropy', 'margin', 'logit', 'dlr', 'targeted-dlr'] as const;
const PROBABILITIES = ['probabilities', 'binary'];

const CASES = [...ARRAYS.keys()].flatMap((key) => {
  const [name = '', kind = '', part] = key.split('/');
  const found = KINDS.find((one) => one === kind);
  return part === 'loss' && found !== undefined ? [[name, found] as const] : [];
});

/** What the words of a model become, which is what its gradient is by. */
function wrtOf(model: OnnxModel): string {
  const words = model.graph.nodes.find(({ op }) => op === 'Gather');
  return words?.inputs.includes('x') === true ? (words.outputs[0] ?? '') : 'x';
}

describe('the gradient of a network is that of torch.autograd', () => {
  test.each(CASES)('%s, %s', async (name, kind) => {
    const array = (part: string) => arrayOf(ARRAYS, `${name}/${part}`);
    const model = await modelOf(Uint8Array.from(array('model').numbers), name);
    const x = tensorOfArray(array('x'));
    const scores = PROBABILITIES.includes(name) ? 'probabilities' : 'logits';
    const loss: Loss = { kind, output: 'y', scores };
    const wrt = wrtOf(model);
    const derived = await deriveGradient({ model, wrt, loss, example: new Map([['x', x]]), bounds: PATIENT });
    expect({ rows: derived.rows, blocked: derived.blocked, scores: derived.scores }).toEqual({
      rows: 'any',
      blocked: [],
      scores: 'logits',
    });
    const feeds = new Map([['x', x]]);
    if (derived.inputs.class !== undefined) feeds.set(derived.inputs.class, tensorOfArray(array('class')));
    if (derived.inputs.aim !== undefined) feeds.set(derived.inputs.aim, tensorOfArray(array('aim')));
    const results = await runHere(derived.model, feeds);
    const [value, gradient] = [results.get(derived.outputs.loss), results.get(derived.outputs.gradient)];
    expect(difference(numbersOf(value), array(`${kind}/loss`).numbers)).toBeLessThanOrEqual(TOLERANCE);
    expect(difference(numbersOf(gradient), array(`${kind}/gradient`).numbers)).toBeLessThanOrEqual(TOLERANCE);
  });
});
