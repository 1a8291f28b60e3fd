import { describe, expect, it } from 'vitest';
import { SCANNERS } from '../../../src/scan/scanners.ts';
import { scanBytes } from '../../support/scan-bytes.ts';

/** A model as the converter of TensorFlow.js writes it: a GraphDef as JSON, and where its weights lie. */
function model(
  nodes: readonly object[],
  paths: readonly unknown[] = ['group1-shard1of1.bin'],
  functions: readonly object[] = [],
) {
  return {
    format: 'graph-model',
    generatedBy: '2.15.0',
    convertedBy: 'TensorFlow.js Converter v4.17.0',
    signature: { inputs: { x: { name: 'x:0', dtype: 'DT_FLOAT' } }, outputs: { y: { name: 'Identity:0' } } },
    modelTopology: {
      node: [
        { name: 'x', op: 'Placeholder', attr: { dtype: { type: 'DT_FLOAT' } } },
        { name: 'y', op: '_FusedMatMul', input: ['x', 'w'], attr: { fused_ops: { list: { s: ['Qmlhc0FkZA=='] } } } },
        { name: 'Identity', op: 'Identity', input: ['y'] },
        ...nodes,
      ],
      library: { function: functions },
      versions: { producer: 1395 },
    },
    weightsManifest: [{ paths, weights: [{ name: 'w', shape: [2, 2], dtype: 'float32' }] }],
  };
}

async function scan(document: object) {
  const { verdict, context } = await scanBytes(Buffer.from(JSON.stringify(document)), 'model.json', SCANNERS, true);
  return { verdict, rules: context.ruleIds(), checks: context.checks.map(({ id }) => id) };
}

describe('a model of TensorFlow.js', () => {
  it('that computes is clean', async () => {
    expect(await scan(model([]))).toEqual({ verdict: 'clean', rules: [], checks: [] });
  });

  it('that calls functions of its own is clean', async () => {
    const body = { signature: { name: 'f' }, nodeDef: [{ name: 'a', op: 'Relu', input: ['x'] }] };
    expect((await scan(model([{ name: 'c', op: 'f' }], undefined, [body]))).verdict).toBe('clean');
  });

  it.each([
    ['ReadFile', 'malicious'],
    ['PyFunc', 'malicious'],
    ['MatchingFiles', 'suspicious'],
    ['CompanyOperator', 'suspicious'],
  ])('with %s is %s', async (op, verdict) => {
    expect((await scan(model([{ name: 'e', op }]))).verdict).toBe(verdict);
    const body = { signature: { name: 'f' }, nodeDef: [{ name: 'e', op }] };
    expect((await scan(model([], undefined, [body]))).verdict).toBe(verdict);
    expect((await scan({ ...model([]), modelInitializer: { node: [{ name: 'e', op }] } })).verdict).toBe(verdict);
  });

  it.each(['../weights.bin', '/etc/passwd', 'https://host/weights.bin', 'file:///etc/passwd', '//host/w.bin'])(
    'with its weights in %s is malicious',
    async (path) => {
      expect(await scan(model([], [path]))).toMatchObject({ verdict: 'malicious', rules: ['tensorflow.path-outside'] });
    },
  );

  it('of another form is not assessed', async () => {
    const odd = { ...model([]), weightsManifest: [{ paths: [7] }] };
    expect(await scan(odd)).toMatchObject({ verdict: 'not-assessed', checks: ['format.tensorflow-js.scan'] });
    expect((await scan({ ...model([]), weightsManifest: 'x' })).verdict).toBe('not-assessed');
  });

  it('has weights that are unknown by their name alone', async () => {
    const { verdict, format } = await scanBytes(
      Buffer.from('0102030405f6f7f8', 'hex'),
      'group1-shard1of1.bin',
      SCANNERS,
      true,
    );
    expect([format.id, verdict]).toEqual(['tfjs-weights', 'unknown']);
  });
});
