import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { planBytes } from '../golden.ts';
import { BOOSTERS, testLibrary } from './cases.ts';

testLibrary('xgboost');

test.each([
  ['binary-holes.pkl', 'xgboost.sklearn.XGBClassifier', '1.7.6'],
  ['bin-classes.bin', 'xgboost.core.Booster', '1.7'],
  ['json-classes.json', 'xgboost.core.Booster', '1.7.6'],
])('the metadata of %s name its class and version', async (name, className, version) => {
  const { plan } = await planBytes(name, readFileSync(join(BOOSTERS, 'xgboost-1.7.6', name)));
  expect(plan.source).toEqual({ class: className, library: 'xgboost', version });
  const properties = new Map(plan.model.metadata.map(({ key, value }) => [key, value]));
  expect(properties.get('assay.source.version')).toBe(version);
});
