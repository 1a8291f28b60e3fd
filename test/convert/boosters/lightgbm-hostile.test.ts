import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { planBytes } from '../golden.ts';
import { BOOSTERS } from './cases.ts';
import { refusesChanges } from './hostile.ts';

const file = (name: string) => readFileSync(join(BOOSTERS, 'lightgbm-4.7.0', name));

/** A model without the sizes of its trees, with another text in one place. */
function edited(name: string, from: string | RegExp, to: string): Buffer {
  const text = file(name)
    .toString('latin1')
    .replace(/^tree_sizes=.*\n/m, '');
  const changed = text.replace(from, to);
  expect(changed).not.toBe(text);
  return Buffer.from(changed, 'latin1');
}

describe('a model of LightGBM is refused, by the name of what stopped it, when', () => {
  test.each([
    ['its objective is not known', 'objective=regression', 'objective=news', 'the objective "news"'],
    [
      'its objective has another setting',
      'objective=regression',
      'objective=binary sigmoid:x',
      'objective is "binary sigmoid:x"',
    ],
    ['its sigmoid is zero', 'objective=regression', 'objective=binary sigmoid:0', 'objective is "binary sigmoid:0"'],
    ['it has 2^53 features', /max_feature_idx=\d+/, 'max_feature_idx=9007199254740993', 'max_feature_idx'],
    ['a leaf is infinite', /leaf_value=\S+/, 'leaf_value=inf', 'a leaf is not a number'],
    ['a bound is not a number', /threshold=\S+/, 'threshold=nan', 'a bound is not a number'],
    ['a child is its parent', /left_child=\S+/, 'left_child=0', 'reached twice'],
    ['a missing value has no kind', /decision_type=\d+/, 'decision_type=14', 'a decision has the type 14'],
  ])('%s', async (_, from, to, message) => {
    await expect(planBytes('model.txt', edited('file-real.txt', from, to))).rejects.toThrow(message);
  });

  test('zeros of one feature are missing for a node, and not for another', async () => {
    const text = edited('file-real.txt', /decision_type=\d+ \d+/, 'decision_type=6 2').toString('latin1');
    const bytes = Buffer.from(text.replace(/split_feature=\d+ \d+/, 'split_feature=3 3'), 'latin1');
    await expect(planBytes('model.txt', bytes)).rejects.toThrow('zeros of one feature are missing for some trees');
  });

  test.each([
    ['the constants of its leaves are missing', /leaf_const=.*\n/, ''],
    ['a coefficient is infinite', /leaf_coeff=[-\d.e]+/, 'leaf_coeff=inf'],
  ])('%s', async (_, from, to) => {
    const first = edited('file-linear.txt', /leaf_coeff= +\n/, 'leaf_coeff=\n').toString('latin1');
    await expect(planBytes('model.txt', Buffer.from(first.replace(from, to), 'latin1'))).rejects.toThrow(
      'a leaf is not a number',
    );
  });

  test('it ends early', async () => {
    await expect(planBytes('model.txt', file('file-real.txt').subarray(0, 900))).rejects.toThrow();
  });
});

refusesChanges('lightgbm-4.7.0', ['file-categories.txt', 'file-classes.txt', 'binary.pkl', 'classes.pkl']);
