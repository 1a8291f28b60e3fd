import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { EXPORTED_PROGRAM } from '../../../src/convert/exported/source.ts';
import { checkOnnxModels } from '../../support/onnx-oracle.ts';
import { findPython, requirePart } from '../../support/parts.ts';
import { canImport } from '../../support/run-program.ts';
import { tempFolder } from '../../support/temp.ts';
import { planScript } from '../torchscript/plan-script.ts';

const HOW = 'python3 -m venv .venv && .venv/bin/pip install -r fixtures/python/requirements-ci.txt';
const FOLDER = 'fixtures/convert/exported/2.6.0';
const temp = tempFolder();
const python = findPython();

requirePart('onnx package', await canImport(python, 'onnx'), HOW, 'the onnx package accepts', () => {
  test('the model of every exported program', async () => {
    const names = readdirSync(FOLDER).filter((name) => name.endsWith('.pt2'));
    const paths: string[] = [];
    for (const name of names) {
      const { model } = await planScript(name, readFileSync(join(FOLDER, name)), { source: EXPORTED_PROGRAM });
      const path = join(temp, `${name}.onnx`);
      writeFileSync(path, model);
      paths.push(path);
    }
    const wrong = await checkOnnxModels(python ?? '', paths);
    expect(wrong.flatMap((error, i) => (error === undefined ? [] : [`${names[i]}: ${error}`]))).toEqual([]);
  });
});
