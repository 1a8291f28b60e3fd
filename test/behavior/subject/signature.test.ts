import { describe, expect, it } from 'vitest';
import { readSignature } from '../../../src/behavior/subject/signature.ts';
import { GraphBuilder } from '../../../src/formats/onnx/build/builder.ts';
import type { OnnxModel } from '../../../src/formats/onnx/model.ts';
import { digitsModel } from '../../support/digits.ts';

type Shape = readonly (number | string)[];

/** A model whose graph says these types and shapes; it is not run. */
function model(
  input: Shape,
  outputs: Readonly<Record<string, readonly ['float32' | 'int64' | 'string', Shape]>>,
): OnnxModel {
  const graph = new GraphBuilder('m');
  const x = graph.input('x', 'float32', input);
  for (const [name, [type, shape]] of Object.entries(outputs))
    graph.output(name, graph.op('Identity', [x]), type, shape);
  return graph.model();
}

it('reads that of a model of skl2onnx, which names no size', async () => {
  expect(readSignature(await digitsModel('good'))).toMatchObject({
    inputs: [{ name: 'X', type: 'float32', shape: ['batch', 64] }],
    outputs: [
      { name: 'label', role: 'label', shape: ['batch'] },
      { name: 'probabilities', role: 'probabilities', shape: ['batch', 10] },
    ],
    fixedRows: undefined,
  });
});

describe('rows', () => {
  it.each<[string, Shape, Shape, unknown, number | undefined]>([
    ['are the first dimension when all leave it open', ['n', 3], ['N', 3], 'batch', undefined],
    ['are as many as the graph fixes', [8, 3], [8, 3], 'batch', 8],
    ['are not known when an output has another size', [8, 3], [1, 3], 1, undefined],
    ['are not known when an output fixes what an input leaves open', ['n', 3], [1, 3], 1, undefined],
  ])('%s', (_, input, output, first, fixedRows) => {
    const signature = readSignature(model(input, { y: ['float32', output] }));
    expect([signature.outputs[0]?.shape[0], signature.fixedRows]).toEqual([first, fixedRows]);
  });
});

describe('roles', () => {
  it.each<[string, readonly ['float32' | 'int64' | 'string', Shape], string]>([
    ['an integer a row is a label', ['int64', ['n']], 'label'],
    ['a text a row is a label', ['string', ['n']], 'label'],
    ['a column of integers is a label', ['int64', ['n', 1]], 'label'],
    ['several numbers a row are scores', ['float32', ['n', 3]], 'probabilities'],
    ['one number a row is a value', ['float32', ['n', 1]], 'values'],
    ['numbers of three dimensions are values', ['float32', ['n', 3, 3]], 'values'],
  ])('%s', (_, output, role) => {
    expect(readSignature(model(['n', 3], { y: output })).outputs[0]?.role).toBe(role);
  });

  it('are those that a suite says', () => {
    const graph = model(['n', 3], { a: ['float32', ['n', 3]], b: ['float32', ['n', 3]] });
    expect(readSignature(graph, { scores: 'b' }).outputs.map(({ role }) => role)).toEqual(['values', 'probabilities']);
    expect(() => readSignature(graph, { label: 'c' })).toThrow('no output "c", which holds its label by the suite');
  });
});
