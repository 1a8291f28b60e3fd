import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { EXPORTED_PROGRAM } from '../../../src/convert/exported/source.ts';
import { expectClose, runPlan } from '../compare.ts';
import { readNpz } from '../sklearn/npz.ts';
import { planScript } from '../torchscript/plan-script.ts';

const ROOT = 'fixtures/convert/exported';

describe.each(readdirSync(ROOT).sort())('exported programs of PyTorch %s', (version) => {
  const folder = join(ROOT, version);
  const cases = readdirSync(folder).filter((name) => name.endsWith('.pt2'));
  test.each(cases)('%s', async (name) => {
    const arrays = readNpz(await readFile(join(folder, name.replace('.pt2', '.npz'))));
    const { plan, model } = await planScript(name, await readFile(join(folder, name)), { source: EXPORTED_PROGRAM });
    const results = await runPlan(model, plan, arrays);
    const expected = [...arrays.keys()].filter((key) => key !== 'input' && key !== 'shape');
    expect([...results.keys()].sort()).toEqual(expected.sort());
    for (const output of expected) expectClose(results, arrays, output, { absolute: 1e-5, relative: 1e-5 });
  });
});
