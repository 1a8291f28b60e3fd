import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { savedModelOf } from '../../src/convert/to-savedmodel/translate/model.ts';
import { FileBudget } from '../../src/core/budget.ts';
import { DEFAULT_LIMITS } from '../../src/core/limits.ts';
import { writeSavedModel } from '../../src/formats/tensorflow/write/write.ts';
import { compareOutput, feedsOf, planBytes } from '../convert/golden.ts';
import { readNpz } from '../convert/sklearn/npz.ts';
import { requirePart } from '../support/parts.ts';
import { tempFolder } from '../support/temp.ts';
import { findTensorflow, HOW_TENSORFLOW, runSavedModels, type SavedModelAnswer } from '../support/tensorflow.ts';

const ROOT = new URL('../../fixtures/convert/', import.meta.url).pathname;
/** Models of estimators, each beside an npz of what it is given and gives. */
const CASES = ['sklearn', 'boosters'].flatMap((folder) => {
  const files = readdirSync(join(ROOT, folder), { recursive: true }).map((path) => join(folder, String(path)));
  const arrays = new Set(files.filter((path) => path.endsWith('.npz')));
  return files.filter((path) => !arrays.has(path) && arrays.has(npzOf(path))).sort();
});

const python = await findTensorflow();

requirePart(
  'tensorflow package',
  python !== undefined,
  HOW_TENSORFLOW,
  'SavedModels of estimators, in TensorFlow',
  () => {
    const root = tempFolder();
    const answers = new Map<string, SavedModelAnswer>();

    /** One process for all of them: TensorFlow takes seconds to start. */
    beforeAll(async () => {
      const tasks = await Promise.all(
        CASES.map(async (name, index) => {
          const { plan, arrays } = await caseOf(name);
          const folder = join(root, String(index));
          mkdirSync(folder);
          const source = writeSavedModel(await savedModelOf(plan.model, new FileBudget(DEFAULT_LIMITS, 2 ** 20)));
          writeFileSync(join(folder, 'saved_model.pb'), await source.read(0, source.size));
          const types = new Map(plan.inputs.map((input) => [input.name, input.type]));
          const feeds = feedsOf(plan, arrays).map(([input, { shape, texts, numbers }]) => [
            input,
            types.get(input) === 'string'
              ? { type: 'string', dims: shape, data: texts }
              : { type: 'float64', dims: shape, data: numbers },
          ]);
          return { folder, feeds: Object.fromEntries(feeds) };
        }),
      );
      const results = await runSavedModels(python ?? '', tasks);
      for (const [index, name] of CASES.entries()) {
        const answer = results[index];
        if (answer !== undefined) answers.set(name, answer);
      }
    });

    describe('each computes what its library did', () => {
      test.each(CASES)('%s', async (name) => {
        const { plan, arrays } = await caseOf(name);
        const answer = answers.get(name);
        if (answer === undefined) throw new Error('TensorFlow gave no answer');
        if ('error' in answer) throw new Error(answer.error);
        expect([...answer.outputs.keys()].sort()).toEqual(plan.outputs.map((output) => output.name).sort());
        for (const tolerance of plan.tolerances) compareOutput(answer.outputs, arrays, tolerance);
      });
    });
  },
);

function npzOf(path: string): string {
  return path.replace(/\.[a-z]+$/, '.npz');
}

async function caseOf(name: string) {
  const path = join(ROOT, name);
  const [bytes, expected] = await Promise.all([readFile(path), readFile(npzOf(path))]);
  const { plan } = await planBytes(name.slice(dirname(name).length + 1), bytes);
  return { plan, arrays: readNpz(expected) };
}
