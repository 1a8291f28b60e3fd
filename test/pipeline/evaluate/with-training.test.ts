import { describe, expect, it } from 'vitest';
import type { Assessment } from '../../../src/core/assessment/assessment.ts';
import type { AttestedTraining, TrainingInput } from '../../../src/core/lineage/training.ts';
import { withTraining } from '../../../src/pipeline/evaluate/with-training.ts';
import { caseAssessment } from '../../../src/policy/cases/assessment.ts';

const A = 'a1'.repeat(32);
const B = 'b2'.repeat(32);

function data(sha256 = 'd1'.repeat(32), name = 'train.csv'): TrainingInput {
  return { role: 'data', name, uri: null, digests: { sha256 } };
}

function attested(change: Partial<AttestedTraining> = {}): AttestedTraining {
  const model = [{ path: 'm.safetensors', sha256: A }];
  return { name: 't.json', signer: 'ci', run: null, at: null, model, inputs: [data()], ...change };
}

type File = Assessment['files'][number];

function judged(files: readonly Partial<File>[], ...runs: readonly AttestedTraining[]) {
  const assessment = caseAssessment({});
  const [plain] = assessment.files;
  if (plain === undefined) throw new Error('a case has a file');
  const given = files.map((file) => ({ ...plain, path: 'm.safetensors', sha256: A, format: 'safetensors', ...file }));
  const { checks, training = [] } = withTraining({ ...assessment, files: given }, runs);
  return { said: checks.map(({ id, status, detail }) => `${id} ${status}: ${detail}`), training };
}

describe('attested training runs of an artifact', () => {
  it('pass for the model that the run wrote, whatever text lies beside it', () => {
    const { said, training } = judged([{}, { path: 'README.md', format: 'markdown', sha256: B }], attested());
    expect(said).toEqual(['data.provenance pass: "ci" signed that one run trained it on train.csv']);
    expect(training).toHaveLength(1);
  });

  it('pass for a single file that looks like text', () => {
    expect(judged([{ format: 'json' }], attested()).said).toEqual([expect.stringMatching(/^data\.provenance pass/)]);
  });

  it('name the run and the base model', () => {
    const base: TrainingInput = { role: 'base', name: 'acme/base', uri: null, digests: { sha256: B } };
    expect(judged([{}], attested({ run: 'r1', inputs: [data(), base] })).said).toEqual([
      'data.provenance pass: "ci" signed that the run r1 trained it on train.csv, from acme/base',
    ]);
  });

  it.each<[string, readonly Partial<File>[], RegExp]>([
    [
      'another model',
      [{ sha256: B }],
      /^data\.provenance not-assessed: t\.json is about another model: m\.safetensors/,
    ],
    [
      'a model with a file that it did not write',
      [{}, { path: 'x.pt', sha256: B, format: 'torch' }],
      /did not write x\.pt$/,
    ],
    ['a model whose digest its source claims', [{ digestBasis: 'claimed' }], /not-assessed: t\.json is about another/],
    [
      'text alone',
      [
        { path: 'README.md', format: 'markdown' },
        { path: 'a.txt', format: 'text' },
      ],
      /not-assessed: the artifact has no file/,
    ],
  ])('do not pass for %s', (_, files, said) => {
    expect(judged(files, attested()).said).toEqual([expect.stringMatching(said)]);
  });

  it('do not pass for files of two runs together', () => {
    const other = attested({ name: 'u.json', model: [{ path: 'n.safetensors', sha256: B }] });
    const { said } = judged([{}, { path: 'n.safetensors', sha256: B }], attested(), other);
    expect(said).toEqual([
      expect.stringMatching(/^data\.provenance not-assessed: the run that t\.json attests did not/),
    ]);
  });

  it('fail when two name other bytes for the same data', () => {
    const other = attested({ name: 'u.json', inputs: [data('e2'.repeat(32))] });
    expect(judged([{}], attested(), other).said).toEqual([
      expect.stringMatching(/^data\.provenance fail: t\.json and u\.json name other bytes for train\.csv/),
    ]);
  });

  it('say nothing when none is given', () => {
    expect(judged([{}]).said).toEqual([]);
  });
});
