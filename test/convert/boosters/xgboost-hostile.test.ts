import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { planBytes } from '../golden.ts';
import { BOOSTERS } from './cases.ts';
import { refusesChanges } from './hostile.ts';

const file = (name: string) => readFileSync(join(BOOSTERS, 'xgboost-3.2.0', name));
const JSON_MODEL = 'json-classes.json';

function edited(name: string, from: string | RegExp, to: string): Buffer {
  const text = file(name).toString('latin1');
  const changed = text.replace(from, to);
  expect(changed).not.toBe(text);
  return Buffer.from(changed, 'latin1');
}

describe('a model of XGBoost is refused, by the name of what stopped it, when', () => {
  test.each([
    ['its objective is not known', '"name":"multi:softprob"', '"name":"multi:news"', 'its objective is "multi:news"'],
    ['its base score is not a number', /"base_score":"[^"]*"/, '"base_score":"[a,b]"', 'base_score is "[a,b]"'],
    ['it has too few base scores', /"base_score":"[^"]*"/, '"base_score":"[1E0,2E0]"', '2 base scores for 3 outputs'],
    ['its base score is infinite', /"base_score":"[^"]*"/, '"base_score":"1e999"', 'base_score is "1e999"'],
    ['it has two learners', '"version":', '"Model":{"learner":{}},"version":', 'it has two learners'],
    [
      'it has 2^53 features',
      /"num_feature":"13","num_target"/,
      '"num_feature":"9007199254740993","num_target"',
      'num_feature',
    ],
    ['a tree is of a missing output', '"tree_info":[0,1,2', '"tree_info":[0,1,3', 'output index 3'],
    ['a child is its parent', '"left_children":[1,', '"left_children":[0,', 'names parent'],
    ['a key is repeated', '"attributes":{', '"attributes":{},"attributes":{', 'twice'],
  ])('%s', async (_, from, to, message) => {
    await expect(planBytes('model.json', edited(JSON_MODEL, from, to))).rejects.toThrow(message);
  });

  test('it predicts with rounds that it does not have', async () => {
    const changed = edited('stopped-file.json', /"best_iteration":"\d+"/, '"best_iteration":"999999"');
    await expect(planBytes('model.json', changed)).rejects.toThrow('it predicts with 1000000 rounds, and has');
  });

  test('a prediction is not one of its objective', async () => {
    const changed = edited('json-binary.json', /"base_score":"[^"]*"/, '"base_score":"1.5E0"');
    await expect(planBytes('model.json', changed)).rejects.toThrow('is not one of its objective');
  });

  test('it ends early', async () => {
    const bytes = file('ubj-classes.ubj');
    await expect(planBytes('model.ubj', bytes.subarray(0, bytes.length - 40))).rejects.toThrow();
  });
});

test('an attribute of the name __proto__ is an attribute', async () => {
  const changed = edited(JSON_MODEL, '"attributes":{', '"attributes":{"__proto__":"1",');
  await expect(planBytes('model.json', changed)).resolves.toBeDefined();
});

test('the memory of lists of categories that share their numbers is bounded', async () => {
  const nodes = 4_000;
  const list = (item: (node: number) => number) => Array.from({ length: nodes }, (_, node) => item(node));
  // A chain of splits: node 2n leads to the leaf 2n + 1 and to the split 2n + 2.
  const count = 2 * nodes + 1;
  const all = <T>(item: (node: number) => T) => Array.from({ length: count }, (_, node) => item(node));
  const splits = (node: number) => node % 2 === 0 && node < count - 1;
  const tree = {
    base_weights: all(() => 0),
    categories: list((node) => node * 100),
    categories_nodes: list((node) => 2 * node),
    categories_segments: list(() => 0),
    categories_sizes: list(() => nodes),
    default_left: all(() => 0),
    left_children: all((node) => (splits(node) ? node + 1 : -1)),
    right_children: all((node) => (splits(node) ? node + 2 : -1)),
    parents: all((node) => (node === 0 ? 2_147_483_647 : node % 2 === 1 ? node - 1 : node - 2)),
    split_conditions: all(() => 0),
    split_indices: all(() => 0),
    split_type: all((node) => Number(splits(node))),
    tree_param: { num_deleted: '0', num_feature: '1', num_nodes: String(count), size_leaf_vector: '1' },
  };
  const model = { gbtree_model_param: { num_trees: '1' }, tree_info: [0], trees: [tree] };
  const learner = {
    attributes: {},
    gradient_booster: { model, name: 'gbtree' },
    learner_model_param: { base_score: '0', num_class: '0', num_feature: '1' },
    objective: { name: 'reg:squarederror' },
  };
  const bytes = Buffer.from(JSON.stringify({ learner, version: [3, 2, 0] }));
  await expect(planBytes('model.json', bytes)).rejects.toThrow(/maxFile(?:Work|Memory)|deeper than/);
});

refusesChanges('xgboost-3.2.0', [JSON_MODEL, 'ubj-dart.ubj', 'binary.pkl', 'hinge.pkl']);
refusesChanges('xgboost-1.7.6', ['bin-classes.bin', 'bin-linear.bin', 'binary-holes.pkl']);

describe('a wrapper is refused when it says something else than its model:', () => {
  /** A short integer of a pickle behind a name, of protocol 2 and later. */
  function withNumber(bytes: Buffer, name: string, value: number): Buffer {
    const at = bytes.lastIndexOf(name);
    expect(at).toBeGreaterThan(0);
    const number = bytes.indexOf('K', at + name.length);
    expect(number - at - name.length).toBeLessThan(5);
    const changed = Buffer.from(bytes);
    changed[number + 1] = value;
    return changed;
  }

  test('another best iteration', async () => {
    const bytes = inflateSync(readFileSync(join(BOOSTERS, 'xgboost-1.7.6', 'stopped.joblib')));
    await expect(planBytes('model.pkl', withNumber(bytes, 'best_iteration', 0))).rejects.toThrow('best_iteration is 0');
  });

  test('fewer trees, in a version that notes the last round', async () => {
    const bytes = readFileSync(new URL('../../../fixtures/benign/xgboost/0.90/XGBRegressor.p4.pkl', import.meta.url));
    await expect(planBytes('model.pkl', withNumber(bytes, 'best_ntree_limit', 1))).rejects.toThrow(
      'its model says none of its 2 trees',
    );
  });
});
