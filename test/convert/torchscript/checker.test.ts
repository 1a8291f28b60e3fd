import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkOnnxModels } from '../../support/onnx-oracle.ts';
import { findPython, requirePart } from '../../support/parts.ts';
import { canImport } from '../../support/run-program.ts';
import { tempFolder } from '../../support/temp.ts';
import { readNpz } from '../sklearn/npz.ts';
import { planScript } from './plan-script.ts';

const HOW = 'python3 -m venv .venv && .venv/bin/pip install -r fixtures/python/requirements-ci.txt';
const FOLDER = 'fixtures/convert/torchscript/2.6.0';
const temp = tempFolder();
const python = findPython();

requirePart('onnx package', await canImport(python, 'onnx'), HOW, 'the onnx package accepts', () => {
  test('the model of every program of TorchScript', async () => {
    const names = readdirSync(FOLDER).filter((name) => name.endsWith('.pt'));
    const paths: string[] = [];
    for (const name of names) {
      const inputShape = readNpz(readFileSync(join(FOLDER, name.replace('.pt', '.npz')))).get('shape')?.numbers;
      const { model } = await planScript(name, readFileSync(join(FOLDER, name)), { inputShape });
      const path = join(temp, `${name}.onnx`);
      writeFileSync(path, model);
      paths.push(path);
    }
    const wrong = await checkOnnxModels(python ?? '', paths);
    expect(wrong.flatMap((error, i) => (error === undefined ? [] : [`${names[i]}: ${error}`]))).toEqual([]);
  });
});
