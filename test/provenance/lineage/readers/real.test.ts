import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { linesOf, read } from '../documents.ts';

const fixture = (name: string) =>
  readFileSync(new URL(`../../../../fixtures/lineage/${name}`, import.meta.url), 'utf8');

const WEAK =
  'gives MD5 digests, with which another file can be made to agree: a match shows that a file was not changed by accident';

describe('documents that real programs wrote', () => {
  it('DVC: a stage, with a folder, code and a model', async () => {
    expect(linesOf(await read(fixture('dvc/dvc.lock')))).toEqual([
      'data model.bin trained by run train',
      'run train trained on data data/train.csv',
      'run train trained on data images',
      'run train ran code train.py',
      'model.bin: at model.bin, 34 bytes, md5 of bytes 571bf710',
      'data/train.csv: at data/train.csv, 34 bytes, md5 of bytes 09b0c4dd',
      'images: at images, md5 of listing a9dab47b',
      expect.stringMatching(/^train\.py: at train\.py, \d+ bytes, md5 of bytes/),
      WEAK,
    ]);
  });

  it.each([
    ['dvc/images.dvc', 'images: at images, md5 of listing a9dab47b'],
    ['dvc/data/test.csv.dvc', 'test.csv: at test.csv, 18 bytes, md5 of bytes 72361c7a'],
  ])('DVC: %s', async (name, line) => {
    expect(linesOf(await read(fixture(name)))).toEqual([line, WEAK]);
  });

  it('cyclonedx-python-lib: a model with its data and its ancestor', async () => {
    expect(linesOf(await read(fixture('bom.cdx.json')))).toEqual([
      'model fraud@12 trained by run fraud@12',
      'run fraud@12 trained on data train.csv',
      'run fraud@12 trained on data spam-corpus',
      'model fraud@12 started from model acme/base@1',
      'fraud@12: sha256 of bytes 582e8b75',
      'train.csv: sha256 of bytes 940347bd',
      'spam-corpus: from https://data.example/spam',
      'acme/base@1: sha256 of bytes cae66217',
    ]);
  });

  it('MLflow: the inputs of a run, with digests of samples', async () => {
    const lines = linesOf(await read(fixture('mlflow-run.json')));
    const sample = 'has a digest of a sample of its rows, so its bytes cannot be compared';
    expect(lines).toEqual([
      'run fraud-12 trained on data train',
      'run fraud-12 tested on data held-out',
      `train: from https://data.example/train.csv, mlflow of sample 189b5021, ${sample}`,
      `held-out: from test.csv, mlflow of sample 25d1c7dd, ${sample}`,
      'gives digests of samples of its data, which cannot be compared with files',
    ]);
  });

  it('MLflow: the same from its API, where tags are a list', async () => {
    const run = JSON.parse(fixture('mlflow-run.json'));
    for (const input of run.inputs.dataset_inputs)
      input.tags = Object.entries(input.tags).map(([key, value]) => ({ key, value }));
    expect((await read({ run })).claims.map(({ relation }) => relation)).toEqual(['trained on', 'tested on']);
  });
});
