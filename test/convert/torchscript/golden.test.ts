import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { expectClose, runPlan } from '../compare.ts';
import { readNpz } from '../sklearn/npz.ts';
import { planScript } from './plan-script.ts';

const ROOT = 'fixtures/convert/torchscript';

describe.each(readdirSync(ROOT).sort())('TorchScript of PyTorch %s', (version) => {
  const folder = join(ROOT, version);
  const cases = readdirSync(folder).filter((name) => name.endsWith('.pt'));
  test.each(cases)('%s', async (name) => {
    const arrays = readNpz(await readFile(join(folder, name.replace('.pt', '.npz'))));
    const inputShape = arrays.get('shape')?.numbers;
    const { plan, model } = await planScript(name, await readFile(join(folder, name)), { inputShape });
    const results = await runPlan(model, plan, arrays);
    const expected = [...arrays.keys()].filter((key) => key !== 'input' && key !== 'shape');
    expect([...results.keys()].sort()).toEqual(expected.sort());
    for (const output of expected) expectClose(results, arrays, output, { absolute: 1e-5, relative: 1e-5 });
  });
});
