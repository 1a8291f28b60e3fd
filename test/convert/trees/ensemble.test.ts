import { expect, test } from 'vitest';
import { Operators } from '../../../src/convert/operators/operators.ts';
import { type DecisionTree, TreeEnsemble } from '../../../src/convert/trees/ensemble.ts';
import { floatAtMost } from '../../../src/convert/trees/round-down.ts';
import { FileBudget } from '../../../src/core/budget.ts';
import { DEFAULT_LIMITS } from '../../../src/core/limits.ts';

function ensemble(size = 1_000) {
  const ops = new Operators(new FileBudget(DEFAULT_LIMITS, size));
  return new TreeEnsemble(ops, { outputs: 1, features: 2, numbers: 'float32', subject: 'model' });
}

/** A root, and what it leads to. */
function tree(left: number, right: number, feature = 0, count = 3): DecisionTree {
  const split = { left, right, feature, threshold: 0.1, inclusive: true, missingLeft: false };
  return { count, split: (node) => (node === 0 ? split : undefined), leaf: () => [1] };
}

test.each([
  ['a child that does not exist', tree(1, 3), 'has the child 3, of 3 nodes'],
  ['a child before the first', tree(-2, 1), 'has the child -2'],
  ['a child that is not a whole number', tree(0.5, 1), 'has the child 0.5'],
  ['a root that is its own child', tree(0, 1), 'node 0 of tree 0 has two parents'],
  ['a child of both sides', tree(1, 1), 'node 1 of tree 0 has two parents'],
  ['a feature that does not exist', tree(1, 2, 2), 'asks for feature 2, of 2'],
  ['no nodes', tree(1, 2, 0, 0), 'a tree has no nodes'],
])('%s is refused', (_, hostile, message) => {
  expect(() => ensemble().add(hostile)).toThrow(message);
});

test('a tree that is named a million times meets the bound on work', () => {
  const trees = ensemble();
  expect(() => {
    for (let i = 0; i < 1_000_000; i++) trees.add(tree(1, 2));
  }).toThrow('maxFileWork');
});

test.each([
  [0.1, 0.09999999403953552],
  [0.5, 0.5],
  [-0.1, -0.10000000149011612],
  [1e-50, 0],
  [-1e-50, -1.401298464324817e-45],
])('%d is rounded down to a number of 32 bits', (value, expected) => {
  expect(floatAtMost(value)).toBe(expected);
});
