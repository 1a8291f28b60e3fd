import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { expectClose, runPlan } from '../compare.ts';
import { readNpz } from '../sklearn/npz.ts';
import { planModule } from './plan-module.ts';

const ROOT = 'fixtures/convert/torch-modules';

describe.each(readdirSync(ROOT).sort())('PyTorch %s', (version) => {
  const folder = join(ROOT, version);
  const cases = readdirSync(folder).filter((name) => name.endsWith('.pt'));
  test.each(cases)('%s', async (name) => {
    const arrays = readNpz(await readFile(join(folder, name.replace('.pt', '.npz'))));
    const { plan, model } = await planModule(name, await readFile(join(folder, name)), arrays.get('shape')?.numbers);
    const results = await runPlan(model, plan, arrays);
    const expected = [...arrays.keys()].filter((key) => key !== 'input' && key !== 'shape');
    expect([...results.keys()].sort()).toEqual(expected.sort());
    for (const output of expected) expectClose(results, arrays, output, { absolute: 1e-5, relative: 1e-5 });
  });
});

describe('modules of other versions, as PyTorch 1.13 loads them', () => {
  const folder = 'fixtures/convert/torch-modules-loaded';
  test.each(readdirSync(folder))('%s', async (file) => {
    const [, version = '', name = ''] = /^([\d.]+)-(.*)\.npz$/.exec(file) ?? [];
    const arrays = readNpz(await readFile(join(folder, file)));
    const { plan, model } = await planModule(
      name,
      await readFile(join('fixtures/benign/torch', version, `${name}.pt`)),
    );
    const results = await runPlan(model, plan, arrays);
    expectClose(results, arrays, 'output', { absolute: 1e-5, relative: 1e-5 });
  });
});

describe('models of torchvision', () => {
  const folder = 'fixtures/convert/torchvision';
  test.each(readdirSync(folder).filter((name) => name.endsWith('.npz')))('%s', async (file) => {
    const [, version, name = file.replace('.npz', '')] = /^([\d.]+)-(.*)\.npz$/.exec(file) ?? [];
    const arrays = readNpz(await readFile(join(folder, file)));
    const path = version === undefined ? folder : join('fixtures/benign/torchvision', version);
    const bytes = await readFile(join(path, `${name}.pt`));
    const { plan, model } = await planModule(name, bytes, arrays.get('shape')?.numbers);
    expect(plan.source.class).toMatch(/^torchvision\.models\./);
    const results = await runPlan(model, plan, arrays);
    expectClose(results, arrays, 'output', { absolute: 1e-5, relative: 1e-5 });
  });
});
