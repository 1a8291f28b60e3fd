import { describe, expect, it } from 'vitest';
import { savedModelOf } from '../../../src/convert/to-savedmodel/translate/model.ts';
import type { Attributes, GraphBuilder, GraphValue } from '../../../src/formats/onnx/build/builder.ts';
import { constant } from './cases/elements.ts';
import { weights } from './cases/images.ts';
import { budget, modelOf } from './models.ts';

async function translate(build: (graph: GraphBuilder) => void): Promise<void> {
  await savedModelOf(modelOf({ build }), budget());
}

interface Layer {
  readonly op?: string;
  readonly input?: readonly number[];
  readonly hidden?: readonly number[];
  readonly bias?: number;
  /** Inputs behind the bias. */
  readonly more?: (graph: GraphBuilder) => readonly (GraphValue | undefined)[];
  readonly attributes?: Attributes;
}

/** A layer of two hidden values over three features, changed. */
function layer({ op = 'LSTM', input = [1, 8, 3], hidden = [1, 8, 2], bias = 16, more, attributes }: Layer) {
  return (graph: GraphBuilder) => {
    const x = graph.input('x', 'float32', [5, 'batch', 3]);
    const given = [weights(graph, input), weights(graph, hidden), weights(graph, [1, bias]), ...(more?.(graph) ?? [])];
    graph.output('y', graph.op(op, [x, ...given], { hidden_size: 2, ...attributes }), 'float32');
  };
}

const lengths = (graph: GraphBuilder) => [constant(graph, Int32Array.of(5))];
const peepholes = (graph: GraphBuilder) => [undefined, undefined, undefined, weights(graph, [1, 6])];

describe('recurrent layers are refused', () => {
  it.each<[string, Layer, RegExp]>([
    ['that clip', { attributes: { clip: Float32Array.of(1) } }, /an attribute clip of another type|it clips/],
    ['whose gates are one', { attributes: { input_forget: 1 } }, /input_forget/],
    ['with rows before steps', { attributes: { layout: 1 } }, /layout/],
    ['with rows of other lengths', { more: lengths }, /sequence_lens/],
    ['with peepholes', { more: peepholes }, /peepholes/],
    ['with numbers of their functions', { attributes: { activation_alpha: Float32Array.of(1) } }, /activation_alpha/],
    [
      'with a function that is not known',
      { attributes: { activations: ['__proto__', 'Tanh', 'Tanh'] } },
      /"__proto__"/,
    ],
    ['with too few functions', { attributes: { activations: ['Tanh'] } }, /1 activations/],
    ['with another direction', { attributes: { direction: 'constructor' } }, /a direction that is not one/],
    ['with weights of another size', { hidden: [1, 6, 2] }, /another shape than \[1, 8, 2\]/],
    ['with weights of two directions', { hidden: [2, 8, 2] }, /another shape/],
    ['with weights of the input of another size', { input: [1, 6, 3] }, /another shape than \[1, 8, \.\.\.\]/],
    ['with biases of another size', { bias: 8 }, /biases other than 16/],
    ['without hidden values', { attributes: { hidden_size: 0 } }, /weights of its state/],
    ['of 2^53 hidden values', { attributes: { hidden_size: 2n ** 53n } }, /as its hidden_size/],
    ['with the setting of another one', { attributes: { linear_before_reset: 1 } }, /linear_before_reset/],
  ])('%s', async (_, change, message) => {
    await expect(translate(layer(change))).rejects.toThrow(message);
  });

  it('whose input has no steps', async () => {
    const build = (graph: GraphBuilder) => {
      const x = graph.input('x', 'float32', ['batch', 3]);
      const given = [weights(graph, [1, 8, 3]), weights(graph, [1, 8, 2])];
      graph.output('y', graph.op('LSTM', [x, ...given], { hidden_size: 2 }), 'float32');
    };
    await expect(translate(build)).rejects.toThrow('is not given steps of rows');
  });
});

/** A choice with two sides, each built by its own function. */
function choice(
  yes: (side: GraphBuilder, x: GraphValue) => void,
  no: typeof yes,
  condition: 'bool' | 'float32' = 'bool',
) {
  return (graph: GraphBuilder) => {
    const x = graph.input('x', 'float32', [1]);
    const asked = graph.input('asked', condition, [1]);
    const [first, second] = [graph.subgraph('yes'), graph.subgraph('no')];
    yes(first, x);
    no(second, x);
    graph.output('y', graph.op('If', [asked], { then_branch: first, else_branch: second }), 'float32');
  };
}

const same = (side: GraphBuilder, x: GraphValue) => side.output('same', side.op('Neg', [x]), 'float32');

describe('choices are refused', () => {
  it('whose sides give other types', async () => {
    const other = (side: GraphBuilder, x: GraphValue) => side.output('other', side.op('IsNaN', [x]), 'bool');
    await expect(translate(choice(same, other))).rejects.toThrow('the sides of a choice give float32 and bool');
  });

  it('with a side that gives more', async () => {
    const two = (side: GraphBuilder, x: GraphValue) => {
      same(side, x);
      side.output('more', side.op('Abs', [x]), 'float32');
    };
    await expect(translate(choice(two, same))).rejects.toThrow('a side that gives 2 values, and 1 results');
  });

  it('with a side that has inputs', async () => {
    const asks = (side: GraphBuilder) => {
      side.output('given', side.input('given', 'float32', [1]), 'float32');
    };
    await expect(translate(choice(asks, same))).rejects.toThrow('a side with inputs');
  });

  it('whose condition is not one', async () => {
    await expect(translate(choice(same, same, 'float32'))).rejects.toThrow('it is given float32');
  });

  it('that are nested deeper than is looked at', async () => {
    const nested = (depth: number) => (side: GraphBuilder, x: GraphValue) => {
      if (depth === 0) return same(side, x);
      const [yes, no] = [side.subgraph(`yes${depth}`), side.subgraph(`no${depth}`)];
      nested(depth - 1)(yes, x);
      same(no, x);
      const positive = side.op('Greater', [x, constant(side, Float32Array.of(depth))]);
      side.output(`y${depth}`, side.op('If', [positive], { then_branch: yes, else_branch: no }), 'float32');
    };
    await expect(translate(choice(nested(6), same))).resolves.toBeUndefined();
    await expect(translate(choice(nested(8), same))).rejects.toThrow('nested deeper than 8');
  });
});
