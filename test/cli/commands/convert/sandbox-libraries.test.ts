import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ConversionSchema } from '../../../../src/core/conversion/index.ts';
import { check } from '../../../../src/core/schema/index.ts';
import { canJail, findInterpreter } from '../../../oracles/jail.ts';
import { requirePart } from '../../../support/parts.ts';
import { runProgram } from '../../../support/run-program.ts';
import { tempFolder } from '../../../support/temp.ts';
import { runCli } from '../../run-cli.ts';

const HOW = 'apt-get install bubblewrap; .venv/bin/pip install -r fixtures/python/requirements-ci.txt';

/** A transformer of the user, which says itself how it becomes ONNX. */
const SCALERS = `
import numpy
from skl2onnx import update_registered_converter
from skl2onnx.algebra.onnx_ops import OnnxMul
from skl2onnx.common.data_types import FloatTensorType
from sklearn.base import BaseEstimator, TransformerMixin
class Doubled(TransformerMixin, BaseEstimator):
    def fit(self, x, y=None):
        self.n_features_in_ = x.shape[1]
        return self
    def transform(self, x):
        return x * numpy.float32(2)
def shape(operator):
    operator.outputs[0].type = FloatTensorType([None, operator.inputs[0].type.shape[1]])
def converted(scope, operator, container):
    two = numpy.array([2], numpy.float32)
    OnnxMul(operator.inputs[0], two, op_version=container.target_opset, output_names=operator.outputs[:1]).add_to(scope, container)
update_registered_converter(Doubled, 'UserDoubled', shape, converted)
`;
const SAVE_SKLEARN = `
import sys
sys.path.insert(0, 'code')
import joblib, numpy, scalers
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
x = numpy.random.default_rng(0).normal(size=(40, 3)).astype('float32')
y = (x.sum(1) > 0).astype(int)
joblib.dump(make_pipeline(scalers.Doubled(), LogisticRegression()).fit(x, y), 'pipeline.joblib')
`;

const LAYERS = `
import keras
class Doubled(keras.layers.Layer):
    def call(self, x):
        return keras.ops.tanh(x) * 2
`;
const SAVE_KERAS = `
import os, sys
os.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'
sys.path.insert(0, 'code')
import keras, layers_of_mine
keras.utils.set_random_seed(0)
keras.Sequential([keras.Input((4,)), keras.layers.Dense(8), layers_of_mine.Doubled(), keras.layers.Dense(2)]).save('net.keras')
`;

/** Models that a program of Python writes into a folder, beside the code of their classes. */
async function saved(program: string, module: string, code: string, save: string): Promise<string> {
  const folder = tempFolder();
  mkdirSync(join(folder, 'code'));
  writeFileSync(join(folder, 'code', module), code);
  const { status, stderr } = await runProgram(program, ['-c', save], { cwd: folder });
  if (status !== 0) throw new Error(stderr);
  return folder;
}

async function converted(folder: string, program: string, name: string, ...args: string[]) {
  const own = ['--sandbox', '--python', program, '--accept-suspicious', '--code', 'code', '-o', `out-${name}`];
  const run = await runCli(['convert', name, '--to', 'onnx', ...own, '--report', `${name}.json`, ...args], {
    cwd: folder,
  });
  expect(run).toMatchObject({ code: 0 });
  expect(run.stdout).toContain('verified against the outputs of the source: 16 rows');
  const report = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'));
  expect(check(ConversionSchema, report)).not.toHaveProperty('invalid');
  expect(report.files[0].verification).toMatchObject({ inputs: { from: 'sandbox' }, pass: true, rows: 16 });
  return report.sandbox.libraries.map((one: { name: string }) => one.name);
}

const sklearn = findInterpreter('skl2onnx', 'sklearn', 'joblib');
requirePart('jail and skl2onnx', canJail() && sklearn !== undefined, HOW, 'convert --sandbox of scikit-learn', () => {
  const program = sklearn?.program ?? '';
  const ready = saved(program, 'scalers.py', SCALERS, SAVE_SKLEARN);

  it('converts a pipeline with a class of the user, which is refused without a sandbox', async () => {
    const folder = await ready;
    expect(await converted(folder, program, 'pipeline.joblib')).toEqual(['python', 'sklearn', 'skl2onnx']);
    const plain = await runCli(['convert', 'pipeline.joblib', '--to', 'onnx', '--accept-suspicious', '-o', 'none'], {
      cwd: folder,
    });
    expect(plain.code).toBe(2);
    expect(plain.stderr).toContain('scalers.Doubled');
  });
});

const keras = findInterpreter('tf2onnx', 'tensorflow', 'keras', 'onnx');
requirePart('jail and tf2onnx', canJail() && keras !== undefined, HOW, 'convert --sandbox of Keras', () => {
  const program = keras?.program ?? '';

  it('converts a model with a layer of the user', async () => {
    const folder = await saved(program, 'layers_of_mine.py', LAYERS, SAVE_KERAS);
    expect(await converted(folder, program, 'net.keras')).toEqual(['python', 'keras', 'tf2onnx']);
  });
});
