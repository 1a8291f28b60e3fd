import { beforeAll, describe, test } from 'vitest';
import { requirePart } from '../../support/parts.ts';
import { tempFolder } from '../../support/temp.ts';
import { findTensorflow, HOW_TENSORFLOW, runSavedModels, type SavedModelAnswer } from '../../support/tensorflow.ts';
import { CASES } from './cases/index.ts';
import { expectEqualResults, modelOf, writeFolder } from './models.ts';

const python = await findTensorflow();
const names = Object.keys(CASES);

requirePart('tensorflow package', python !== undefined, HOW_TENSORFLOW, 'operators of ONNX, in TensorFlow', () => {
  const root = tempFolder();
  let answers: SavedModelAnswer[] = [];

  beforeAll(async () => {
    const tasks = await Promise.all(
      Object.values(CASES).map(async (one, index) => {
        const folder = await writeFolder(root, String(index), modelOf(one));
        const feeds = Object.entries(one.feeds).map(([name, tensor]) => [one.renamed?.[name] ?? name, tensor]);
        return { folder, feeds: Object.fromEntries(feeds) };
      }),
    );
    answers = await runSavedModels(python ?? '', tasks);
  });

  describe('each gives what ONNX Runtime gives', () => {
    test.each(Object.entries(CASES))('%s', async (name, one) => {
      await expectEqualResults(one, answers[names.indexOf(name)]);
    });
  });
});
