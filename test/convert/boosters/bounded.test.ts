import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openRunner } from '../../../src/formats/onnx/run/runner.ts';
import { planBytes } from '../golden.ts';
import { readNpz } from '../sklearn/npz.ts';
import { BOOSTERS } from './cases.ts';

test.each(['xgboost-3.2.0/binary.pkl', 'lightgbm-4.7.0/file-linear-holes.txt', 'catboost-1.2.10/file-classes.cbm'])(
  '%s runs in the bounded runtime',
  async (path) => {
    const arrays = readNpz(await readFile(join(BOOSTERS, path.replace(/\.[a-z]+$/, '.npz'))));
    const [x, wanted] = [arrays.get('X'), arrays.get('probabilities')];
    const { plan } = await planBytes(path, await readFile(join(BOOSTERS, path)));
    const runner = await openRunner({ model: plan.model });
    try {
      const data = Float32Array.from(x?.numbers ?? []);
      const results = await runner.run(new Map([['X', { type: 'float32', dims: x?.shape ?? [], data }]]));
      const found = results.get('probabilities');
      expect(found?.dims).toEqual(wanted?.shape);
      for (const [index, share] of (wanted?.numbers ?? []).entries())
        expect(Math.abs(Number(found?.data[index]) - share)).toBeLessThan(1e-5);
    } finally {
      await runner.close();
    }
  },
);
