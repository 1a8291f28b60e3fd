import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readNpz } from '../sklearn/npz.ts';
import { convertPath, ROOT, ran } from './models.ts';

describe.each(readdirSync(ROOT).sort())('TensorFlow %s', (version) => {
  const models = readdirSync(join(ROOT, version)).filter((name) => !name.endsWith('.npz'));

  test.each(models)('%s', async (name) => {
    const path = join(ROOT, version, name);
    const arrays = readNpz(await readFile(`${path.replace(/\.pb$/, '')}.npz`));
    const converted = await convertPath(path);
    const results = await ran(converted, arrays);
    const wanted = [...arrays].filter(([key]) => !key.startsWith('input:'));
    expect([...results.keys()].sort()).toEqual(wanted.map(([key]) => key).sort());
    for (const [key, { shape, numbers }] of wanted) {
      const result = results.get(key);
      expect({ key, dims: result?.dims }).toEqual({ key, dims: shape });
      const far = Array.from(result?.data ?? [], Number).flatMap((value, index) => {
        const expected = numbers[index] ?? Number.NaN;
        const same = Object.is(value, expected) || Math.abs(value - expected) <= 1e-5 * Math.max(1, Math.abs(expected));
        return same ? [] : [`${key}[${index}] is ${value}, not ${expected}`];
      });
      expect(far).toEqual([]);
    }
  });
});
