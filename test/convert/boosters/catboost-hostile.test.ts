import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { planBytes } from '../golden.ts';
import { BOOSTERS } from './cases.ts';
import { refusesChanges } from './hostile.ts';

const NATIVE = new URL('../../../fixtures/native-models/', import.meta.url).pathname;
const file = (name: string) => readFileSync(join(BOOSTERS, 'catboost-1.2.10', name));

/** Another text of the same length in one place. */
function edited(name: string, from: string, to: string): Buffer {
  const bytes = Buffer.from(file(name));
  const at = bytes.indexOf(from);
  expect(at).toBeGreaterThan(0);
  expect(to.length).toBe(from.length);
  bytes.write(to, at, 'latin1');
  return bytes;
}

describe('a model of CatBoost is refused, by the name of what stopped it, when', () => {
  test('it has features of categories', async () => {
    const bytes = readFileSync(join(NATIVE, 'catboost-1.2.10-statistics.cbm'));
    await expect(planBytes('model.cbm', bytes)).rejects.toThrow('column 3 is a feature of categories');
  });

  test('it has another number of classes', async () => {
    const names = '"class_names":[0,1],"class_to_label"';
    const changed = edited('file-binary.cbm', names, names.replace('[0,1]', '[110]'));
    await expect(planBytes('model.cbm', changed)).rejects.toThrow('it has 1 classes, and predicts 2');
  });

  test('its settings are not JSON', async () => {
    const changed = edited('file-binary.cbm', '"class_names":[0,1]', '"class_names":[0,1}');
    await expect(planBytes('model.cbm', changed)).rejects.toThrow();
  });

  test('it ends early', async () => {
    const bytes = file('file-real.cbm');
    await expect(planBytes('model.cbm', bytes.subarray(0, bytes.length - 60))).rejects.toThrow();
  });
});

test('a regressor that says another loss than its model is refused', async () => {
  const bytes = inflateSync(file('poisson.joblib'));
  bytes.write('Poissox', bytes.indexOf('Poisson'));
  await expect(planBytes('model.pkl', bytes)).rejects.toThrow('loss_function is "Poissox", and Poisson in its model');
});

test('a loss that is not known makes no classes', async () => {
  const changed = edited(
    'file-classes.cbm',
    '"loss_function":{"type":"MultiClass"',
    '"loss_function":{"type":"MultiLogl."',
  );
  const { plan } = await planBytes('model.cbm', changed);
  expect(plan.outputs.map(({ name }) => name)).toEqual(['variable']);
});

describe('a model of CatBoost in JSON is refused when', () => {
  const JSON_MODEL = 'json-real.json';
  test.each([
    [
      'a split is on a feature that does not exist',
      /"float_feature_index":\d+/,
      '"float_feature_index":99',
      'a split of feature 99',
    ],
    ['a column is 2^53', /"flat_feature_index":0/, '"flat_feature_index":9007199254740993', 'a feature of column 9007'],
    ['two features have one number', /"feature_index":1/, '"feature_index":0', 'two features 0'],
    [
      'a split is by category',
      '"split_type":"FloatFeature"',
      '"split_type":"OneHotFeature"',
      'the kind "OneHotFeature"',
    ],
    ['missing numbers are treated in a new way', '"AsTrue"', '"AsNews"', 'the treatment AsNews'],
    [
      'a tree has too few values',
      /"leaf_values":\s*\[\s*[-\d.e]+,/,
      '"leaf_values":[',
      '7 values for a tree of depth 3',
    ],
    ['it has no bias', '"scale_and_bias"', '"scale_and_bios"', 'it has no scale and bias'],
    ['it has features of texts', '"float_features"', '"text_features":[{"x":1}],"float_features"', 'features of texts'],
    [
      'its trees are nested',
      '"oblivious_trees"',
      '"trees":[{"value":1}],"oblivious_trees"',
      'trees that are not oblivious, in JSON',
    ],
    ['a list of trees stands twice', '"oblivious_trees"', '"oblivious_trees":[],"oblivious_trees"', 'twice'],
  ])('%s', async (_, from, to, message) => {
    const text = file(JSON_MODEL).toString('latin1');
    const changed = text.replace(from, to);
    expect(changed).not.toBe(text);
    await expect(planBytes('model.json', Buffer.from(changed, 'latin1'))).rejects.toThrow(message);
  });
});

test('a setting of the name __proto__ is a setting', async () => {
  const changed = edited('file-binary.cbm', '"class_label_type"', '"__proto__":0,"a" ');
  await expect(planBytes('model.cbm', changed)).resolves.toBeDefined();
});

refusesChanges('catboost-1.2.10', [
  'file-binary.cbm',
  'file-lossguide.cbm',
  'json-classes.json',
  'binary.pkl',
  'classes.pkl',
]);
