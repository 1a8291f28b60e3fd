import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkOnnxModels } from '../../support/onnx-oracle.ts';
import { findPython, requirePart } from '../../support/parts.ts';
import { canImport } from '../../support/run-program.ts';
import { tempFolder } from '../../support/temp.ts';
import { folderFiles, planFolder } from './plan-folder.ts';

const HOW = 'python3 -m venv .venv && .venv/bin/pip install -r fixtures/python/requirements-ci.txt';
const FOLDER = 'fixtures/convert/huggingface/4.57.6';
const temp = tempFolder();
const python = findPython();

requirePart('onnx package', await canImport(python, 'onnx'), HOW, 'the onnx package accepts', () => {
  test('the model of every folder', async () => {
    const names = readdirSync(FOLDER);
    const paths: string[] = [];
    for (const name of names) {
      const { model } = await planFolder(await folderFiles(join(FOLDER, name)));
      const path = join(temp, `${name}.onnx`);
      writeFileSync(path, model);
      paths.push(path);
    }
    const wrong = await checkOnnxModels(python ?? '', paths);
    expect(wrong.flatMap((error, i) => (error === undefined ? [] : [`${names[i]}: ${error}`]))).toEqual([]);
  });
});
