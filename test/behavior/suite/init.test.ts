import { expect, it } from 'vitest';
import { readSignature, type Signature } from '../../../src/behavior/subject/signature.ts';
import { parseSuite } from '../../../src/behavior/suite/document.ts';
import { suiteFor } from '../../../src/behavior/suite/init.ts';
import { digitsModel } from '../../support/digits.ts';

it('writes a suite that can be read, for a model of scikit-learn', async () => {
  const text = suiteFor(readSignature(await digitsModel('good')), 'good', 'good.onnx');
  const suite = await parseSuite(text, 'suite.yaml');
  expect(suite.roles).toEqual({ label: 'label', scores: 'probabilities' });
  expect(suite.tests.map(({ kind }) => kind.kind)).toEqual([
    'outputs',
    'accuracy',
    'invariance',
    'range',
    'determinism',
    'envelope',
  ]);
  expect(suite.data.get('golden')?.given.inputs).toEqual([{ file: 'golden.npz', columns: ['input:X'], as: 'X' }]);
});

it('takes any name of a model as a name', async () => {
  const name = 'x\ntests: [] # "\u2028}';
  const signature: Signature = {
    inputs: [{ name, type: 'float32', shape: ['batch', name], ranges: [] }],
    outputs: [{ name, type: 'float32', role: 'values', shape: ['batch', 2, 2] }],
    tolerances: [],
    fixedRows: undefined,
  };
  const suite = await parseSuite(suiteFor(signature, 'x', 'x.onnx'), 'suite.yaml');
  expect(suite.tests.map(({ kind }) => kind.kind)).toEqual(['outputs', 'range', 'determinism', 'envelope']);
  expect(suite.data.get('golden')?.given.inputs).toEqual([
    { file: 'golden.npz', columns: [`input:${name}`], as: name },
  ]);
});
