import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { savedModelOf } from '../../../src/convert/to-savedmodel/translate/model.ts';
import { FileBudget } from '../../../src/core/budget.ts';
import type { ByteSource } from '../../../src/core/bytes/byte-source.ts';
import { DEFAULT_LIMITS } from '../../../src/core/limits.ts';
import type { OnnxModel } from '../../../src/formats/onnx/model.ts';
import { writeSavedModel } from '../../../src/formats/tensorflow/write/write.ts';
import { requirePart } from '../../support/parts.ts';
import { tempFolder } from '../../support/temp.ts';
import { findTensorflow, HOW_TENSORFLOW, runSavedModels, type SavedModelAnswer } from '../../support/tensorflow.ts';
import { farNumbers, type NetworkCase, type NetworkRun } from './cases.ts';
import { refusalOf } from './refused.ts';

const BUDGET_BYTES = 2 ** 24;

type Ran = { readonly run: NetworkRun; readonly answer: SavedModelAnswer };

/** Tests that TensorFlow loads the SavedModel of each network, and computes what the framework did. */
export async function testSavedNetworks(all: readonly NetworkCase[]): Promise<void> {
  const cases = all.filter(({ name }) => refusalOf(name) === undefined);
  testRefused(all.filter(({ name }) => refusalOf(name) !== undefined));
  const python = await findTensorflow();
  requirePart('tensorflow package', python !== undefined, HOW_TENSORFLOW, 'SavedModels of networks', () => {
    const root = tempFolder();
    const ran = new Map<string, Ran>();

    /** One process for all of them: TensorFlow takes seconds to start. */
    beforeAll(async () => {
      const runs = await Promise.all(cases.map(({ run }) => run()));
      const tasks = await Promise.all(runs.map((run, index) => taskOf(run, join(root, String(index)))));
      const answers = await runSavedModels(python ?? '', tasks);
      for (const [index, { name }] of cases.entries()) {
        const [run, answer] = [runs[index], answers[index]];
        if (run !== undefined && answer !== undefined) ran.set(name, { run, answer });
      }
    });

    describe('each computes in TensorFlow what its framework did', () => {
      test.each(cases.map(({ name }) => name))('%s', (name) => {
        const one = ran.get(name);
        if (one === undefined) throw new Error('TensorFlow gave no answer');
        const { run, answer } = one;
        if ('error' in answer) throw new Error(answer.error);
        expect([...answer.outputs.keys()].sort()).toEqual([...run.expected.keys()].sort());
        for (const [output, wanted] of run.expected) {
          const result = answer.outputs.get(output) ?? { dims: [], data: [] };
          expect({ output, far: farNumbers(result, wanted, run.mask) }).toEqual({ output, far: [] });
        }
      });
    });
  });
}

function testRefused(cases: readonly NetworkCase[]): void {
  if (cases.length === 0) return;
  describe('networks that have no SavedModel are refused', () => {
    test.each(cases.map(({ name, run }) => [name, run] as const))('%s', async (name, run) => {
      const { model } = await run();
      await expect(saved(model)).rejects.toThrow(refusalOf(name));
    });
  });
}

async function saved(model: OnnxModel): Promise<ByteSource> {
  return writeSavedModel(await savedModelOf(model, new FileBudget(DEFAULT_LIMITS, BUDGET_BYTES)));
}

async function taskOf({ model, feeds }: NetworkRun, folder: string) {
  mkdirSync(folder);
  const source = await saved(model);
  writeFileSync(join(folder, 'saved_model.pb'), await source.read(0, source.size));
  const given = Array.from(feeds, ([name, { shape, numbers }]) => [
    name,
    { type: 'float64', dims: shape, data: numbers },
  ]);
  return { folder, feeds: Object.fromEntries(given) };
}
