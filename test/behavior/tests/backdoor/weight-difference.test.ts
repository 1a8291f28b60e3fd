import { expect, it } from 'vitest';
import type { ModelTest } from '../../../../src/core/behavior/schema.ts';
import { tensorOf } from '../../../../src/formats/onnx/build/tensors.ts';
import type { OnnxModel, OnnxTensor } from '../../../../src/formats/onnx/model.ts';
import { classifier, rowsOf } from '../../../support/backdoored.ts';
import { runTest } from '../../../support/suite-run.ts';

const compared = async (model: OnnxModel, baseline: OnnxModel | undefined, options = '') =>
  runTest(`kind: weight-difference${options}`, { model, baseline, data: { rows: await rowsOf() } });

const measured = ({ measures }: ModelTest, name: string) => measures.find((one) => one.name.startsWith(name));
const clean = () => classifier({ half: 'calibration', name: 'mlp-clean-0' });

function withTensors(model: OnnxModel, change: (tensor: OnnxTensor) => OnnxTensor): OnnxModel {
  return { ...model, graph: { ...model.graph, initializers: model.graph.initializers.map(change) } };
}

it('a model that was trained again has the same structure, and other weights', async () => {
  const other = await classifier({ half: 'calibration', name: 'mlp-clean-1' });
  const result = await compared(other, await clean());
  expect(result).toMatchObject({ status: 'pass', area: 'backdoor' });
  expect(measured(result, 'tensors that are compared')?.value).toBe(6);
  expect(measured(result, 'tensors that differ')?.value).toBe(6);
  expect(measured(result, 'largest difference of a tensor')?.value).toBeGreaterThan(0.5);
  expect(result.figures).toMatchObject([{ kind: 'curve', lines: [{ points: { length: 6 } }] }]);
  expect(await compared(other, await clean(), ', max: 0.1')).toMatchObject({ status: 'fail' });
  expect(await compared(await clean(), await clean(), ', max: 0, changed: 0')).toMatchObject({ status: 'pass' });
});

it('an edit of one direction is of low rank', async () => {
  const model = await clean();
  const approved = withTensors(model, (tensor) =>
    tensor.dims.length === 2 && tensor.dims[1] === 64 ? matrix(tensor, () => 0) : tensor,
  );
  const edited = withTensors(model, (tensor) =>
    tensor.dims.length === 2 && tensor.dims[1] === 64
      ? matrix(tensor, (row, column) => Math.sin(row) * Math.cos(column))
      : tensor,
  );
  const result = await compared(edited, approved, ', low-rank: 0.9');
  expect(result).toMatchObject({ status: 'fail', detail: expect.stringContaining('4 singular values is 1') });
  const trained = await classifier({ half: 'calibration', name: 'mlp-clean-1' });
  expect(await compared(trained, model, ', low-rank: 0.9')).toMatchObject({ status: 'pass' });
});

function matrix({ name, dims }: OnnxTensor, value: (row: number, column: number) => number): OnnxTensor {
  const [rows = 0, columns = 0] = dims;
  const values = Float32Array.from(
    { length: rows * columns },
    (_, at) => 1 + value(Math.floor(at / columns), at % columns),
  );
  return { ...tensorOf(values, dims), name };
}

it('what was added is named, unless any structure is allowed', async () => {
  const model = await clean();
  const [last] = model.graph.nodes.slice(-1);
  const [output] = model.graph.outputs;
  if (last === undefined || output === undefined) throw new Error('no end');
  const nodes = [
    ...model.graph.nodes.slice(0, -1),
    { ...last, outputs: ['inner'] },
    { ...last, name: 'odd', op: 'Elu', inputs: ['inner'], outputs: [output.name], attributes: [] },
  ];
  const grown = { ...model, graph: { ...model.graph, nodes } };
  const result = await compared(grown, model);
  expect(result).toMatchObject({ status: 'fail' });
  expect(result.detail).toMatch(
    /nodes that the approved version does not have is 1.*"Elu": 1.*computed otherwise is 1.*"scores"/,
  );
  expect(await compared(grown, model, ', structure: any')).toMatchObject({ status: 'not-assessed' });
  expect(await compared(grown, model, ', structure: any, max: 0.1')).toMatchObject({ status: 'pass' });
});

it('another model, and none', async () => {
  expect(await compared(await classifier({ half: 'calibration', name: 'cnn-clean-0' }), await clean())).toMatchObject({
    status: 'fail',
  });
  expect(await compared(await clean(), undefined)).toMatchObject({
    status: 'not-assessed',
    detail: expect.stringContaining('--baseline'),
  });
});

it('weights that are not numbers fail a bound', async () => {
  const odd = withTensors(await clean(), (tensor) =>
    tensor.dims.length === 1 && tensor.dims[0] === 10
      ? { ...tensorOf(new Float32Array(10).fill(Number.NaN), [10]), name: tensor.name }
      : tensor,
  );
  expect(await compared(odd, await clean(), ', max: 1')).toMatchObject({ status: 'fail' });
});
