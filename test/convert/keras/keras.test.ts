import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readNpz } from '../sklearn/npz.ts';
import { differences, modelFile, planKeras, ROOT } from './cases.ts';

/** Sums of products in another order, and functions that TensorFlow approximates. */
const BOUND = 1e-5;

describe.each(readdirSync(ROOT).sort())('Keras %s', (version) => {
  const files = readdirSync(`${ROOT}${version}`).flatMap((name) => (name.endsWith('.gz') ? [name.slice(0, -3)] : []));
  test.each(files)('%s computes what Keras does', async (name) => {
    const arrays = readNpz(readFileSync(`${ROOT}${version}/${name.replace(/\.\w+$/, '.npz')}`));
    const planned = await planKeras(name, modelFile(`${version}/${name}`));
    expect(planned.plan.source).toMatchObject({ library: 'keras', version });
    const names = [...arrays.keys()].flatMap((key) => (key.startsWith('in:') ? [key.replace(/^in:\d+:/, '')] : []));
    expect(planned.plan.inputs.map((input) => input.name)).toEqual(names);
    expect(await differences(planned, arrays, BOUND)).toEqual([]);
  });
});
