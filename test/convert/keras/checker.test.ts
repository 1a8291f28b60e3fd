import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkOnnxModels } from '../../support/onnx-oracle.ts';
import { findPython, requirePart } from '../../support/parts.ts';
import { canImport } from '../../support/run-program.ts';
import { tempFolder } from '../../support/temp.ts';
import { modelFile, planKeras, ROOT } from './cases.ts';

const HOW = 'python3 -m venv .venv && .venv/bin/pip install -r fixtures/python/requirements-ci.txt';
const temp = tempFolder();
const python = findPython();

requirePart('onnx package', await canImport(python, 'onnx'), HOW, 'the onnx package accepts', () => {
  test.each(readdirSync(ROOT))('every model that is made of Keras %s', async (version) => {
    const paths: string[] = [];
    for (const name of readdirSync(`${ROOT}${version}`)) {
      if (!name.endsWith('.gz')) continue;
      const { model } = await planKeras(name, modelFile(`${version}/${name.slice(0, -3)}`));
      const path = join(temp, `${version}-${name}.onnx`);
      writeFileSync(path, model);
      paths.push(path);
    }
    const wrong = await checkOnnxModels(python ?? '', paths);
    expect(wrong.filter((error) => error !== undefined)).toEqual([]);
  });
});
