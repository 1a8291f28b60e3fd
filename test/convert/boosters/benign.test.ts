import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { planBytes } from '../golden.ts';

const ROOT = new URL('../../../fixtures/benign/', import.meta.url).pathname;
/** Scalers of scikit-learn before 0.24 do not say how many features they take; categories of CatBoost are texts. */
const REFUSED = /StandardScaler has no n_features_in_|column 4 is a feature of categories/;

describe.each(['xgboost', 'lightgbm', 'catboost'])('a pickle of %s', (library) => {
  const versions = readdirSync(join(ROOT, library)).filter((name) => !name.endsWith('.json'));
  describe.each(versions)('%s', (version) => {
    const names = readdirSync(join(ROOT, library, version)).filter((name) => !name.includes('unfitted'));
    test.each(names)('%s is converted', async (name) => {
      const planned = await planBytes(name, readFileSync(join(ROOT, library, version, name))).then(
        ({ plan }) => plan.outputs.length,
        (error: unknown) => String(error),
      );
      if (typeof planned === 'string') expect(planned).toMatch(REFUSED);
      else expect(planned).toBeGreaterThan(0);
    });
  });
});
