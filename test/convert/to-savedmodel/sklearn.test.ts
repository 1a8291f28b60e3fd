import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { savedModelOf } from '../../../src/convert/to-savedmodel/translate/model.ts';
import { FileBudget } from '../../../src/core/budget.ts';
import { DEFAULT_LIMITS } from '../../../src/core/limits.ts';
import { writeSavedModel } from '../../../src/formats/tensorflow/write/write.ts';
import { requirePart } from '../../support/parts.ts';
import { tempFolder } from '../../support/temp.ts';
import { findTensorflow, HOW_TENSORFLOW, runSavedModels, type SavedModelAnswer } from '../../support/tensorflow.ts';
import { compareOutput, feedsOf, planBytes } from '../golden.ts';
import { SKLEARN_FIXTURES, SKLEARN_VERSIONS } from '../sklearn/cases.ts';
import { readNpz } from '../sklearn/npz.ts';

const CASES = SKLEARN_VERSIONS.flatMap((version) =>
  readdirSync(join(SKLEARN_FIXTURES, version)).flatMap((family) =>
    readdirSync(join(SKLEARN_FIXTURES, version, family))
      .filter((name) => !name.endsWith('.npz'))
      .map((name) => `${version}/${family}/${name}`),
  ),
);

const python = await findTensorflow();

requirePart(
  'tensorflow package',
  python !== undefined,
  HOW_TENSORFLOW,
  'SavedModels of scikit-learn, in TensorFlow',
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
          const feeds = feedsOf(plan, arrays).map(([input, { shape, texts, numbers }]) => [
            input,
            texts.length > 0
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

    describe('each computes what scikit-learn did', () => {
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

async function caseOf(name: string) {
  const path = join(SKLEARN_FIXTURES, name);
  const [bytes, expected] = await Promise.all([readFile(path), readFile(path.replace(/\.(?:pkl|joblib)$/, '.npz'))]);
  const { plan } = await planBytes(name, bytes);
  return { plan, arrays: readNpz(expected) };
}
