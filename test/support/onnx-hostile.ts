import { float } from '../../src/formats/onnx/build/attributes.ts';
import { GraphBuilder } from '../../src/formats/onnx/build/builder.ts';
import { tensorOf } from '../../src/formats/onnx/build/tensors.ts';
import type { OnnxModel, OnnxTensor } from '../../src/formats/onnx/model.ts';

/** Models that a runtime takes, and that do not end, or grow without a bound. All have an input `x` of one float. */
export const HOSTILE = { loop, fill, expand, tile, output, many, recursion, folded } as const;

/** Runs for 2^63 - 1 rounds. */
function loop(): OnnxModel {
  const graph = new GraphBuilder('loop');
  const x = graph.input('x', 'float32', [1]);
  const body = graph.subgraph('body');
  body.input('i', 'int64', []);
  const go = body.input('go', 'bool', []);
  const value = body.input('value', 'float32', [1]);
  body.output('go_on', go, 'bool', []);
  body.output('next', body.op('Neg', [value]), 'float32', [1]);
  const trips = graph.constant(tensorOf(BigInt64Array.of(2n ** 63n - 1n), []));
  const yes = graph.constant(tensorOf(Uint8Array.of(1), [], 'bool'));
  graph.output('y', graph.op('Loop', [trips, yes, x], { body }), 'float32', [1]);
  return graph.model();
}

/** Makes 40 GB of one number, of a size that is known when the model runs alone. */
function fill(): OnnxModel {
  const graph = new GraphBuilder('fill');
  const shape = graph.op('Mul', [sizeOf(graph), graph.constant(tensorOf(BigInt64Array.of(10n ** 10n), [1]))]);
  return summed(graph, graph.op('ConstantOfShape', [shape]));
}

function expand(): OnnxModel {
  const graph = new GraphBuilder('expand');
  const size = sizeOf(graph);
  const shape = graph.op('Mul', [size, graph.constant(tensorOf(BigInt64Array.of(10n ** 10n), [1]))]);
  const one = graph.constant(tensorOf(Float32Array.of(1), [1]));
  return summed(graph, graph.op('Expand', [one, shape]));
}

/** 2 GB: the runtime refuses 4 GB by itself. */
function tile(): OnnxModel {
  const graph = new GraphBuilder('tile');
  const times = graph.op('Mul', [sizeOf(graph), graph.constant(tensorOf(BigInt64Array.of(5n * 10n ** 8n), [1]))]);
  return summed(graph, graph.op('Tile', [graph.constant(tensorOf(Float32Array.of(1), [1])), times]));
}

/** An output of 400 MB, which fits in the memory of the child. */
function output(): OnnxModel {
  const graph = new GraphBuilder('output');
  const shape = graph.op('Mul', [sizeOf(graph), graph.constant(tensorOf(BigInt64Array.of(10n ** 8n), [1]))]);
  graph.output('y', graph.op('ConstantOfShape', [shape]), 'float32');
  return graph.model();
}

/** A chain that takes long to load. */
function many(): OnnxModel {
  const graph = new GraphBuilder('many');
  let value = graph.input('x', 'float32', [1]);
  for (let i = 0; i < 100_000; i++) value = graph.op('Relu', [value]);
  graph.output('y', value, 'float32', [1]);
  return graph.model();
}

/** Multiplies matrices while the runtime folds constants: the time goes before the first run. */
function folded(): OnnxModel {
  const graph = new GraphBuilder('folded');
  graph.input('x', 'float32', [1]);
  let value = graph.op('ConstantOfShape', [graph.constant(tensorOf(BigInt64Array.of(4096n, 4096n), [2]))]);
  for (let i = 0; i < 300; i++) value = graph.op('MatMul', [value, value]);
  graph.output('y', graph.op('ReduceSum', [value], { keepdims: 0 }), 'float32', []);
  return graph.model();
}

/** `If` within `If`, as deep as a library of Protocol Buffers reads. */
function recursion(): OnnxModel {
  const graph = new GraphBuilder('recursion');
  const x = graph.input('x', 'float32', [1]);
  const yes = graph.constant(tensorOf(Uint8Array.of(1), [], 'bool'));
  const nest = (builder: GraphBuilder, depth: number) => {
    const then = builder.subgraph('then');
    const otherwise = builder.subgraph('otherwise');
    const inner = depth === 0 ? then.op('Neg', [x]) : nest(then, depth - 1);
    then.output(`t${depth}`, inner, 'float32', [1]);
    otherwise.output(`e${depth}`, otherwise.op('Elu', [x], { alpha: float(1) }), 'float32', [1]);
    return builder.op('If', [yes], { then_branch: then, else_branch: otherwise });
  };
  graph.output('y', nest(graph, 28), 'float32', [1]);
  return graph.model();
}

/** One, as the size of the input `x`: the runtime cannot fold what comes of it. */
function sizeOf(graph: GraphBuilder) {
  return graph.op('Shape', [graph.input('x', 'float32', ['n'])]);
}

function summed(graph: GraphBuilder, value: ReturnType<GraphBuilder['op']>): OnnxModel {
  graph.output('y', graph.op('ReduceSum', [value], { keepdims: 0 }), 'float32', []);
  return graph.model();
}

/** A model whose only tensor is said to lie in the file `location`. */
export function pointing(location: string): OnnxModel {
  const graph = new GraphBuilder('pointing');
  const x = graph.input('x', 'float32', [16]);
  const weights = graph.constant(tensorOf(new Float32Array(16), [16]), 'w');
  graph.output('y', graph.op('Add', [x, weights]), 'float32', [16]);
  const model = graph.model();
  const at = { location, offset: 0, length: 64, checksum: undefined, others: [] };
  const away = (tensor: OnnxTensor): OnnxTensor => ({ ...tensor, data: { kind: 'external', at } });
  return { ...model, graph: { ...model.graph, initializers: model.graph.initializers.map(away) } };
}
