import type { GraphBuilder, GraphValue } from '../../../../src/formats/onnx/build/builder.ts';
import { tensorOf } from '../../../../src/formats/onnx/build/tensors.ts';
import type { TranslatedCase } from '../models.ts';
import { constant } from './elements.ts';

/** The rounds go on until a value is large, or there are enough. */
function loop(graph: GraphBuilder): void {
  const x = graph.input('x', 'float32', [2]);
  const body = graph.subgraph('body');
  body.input('round', 'int64', []);
  body.input('go', 'bool', []);
  const value = body.input('value', 'float32', [2]);
  const next = body.op('Add', [body.op('Mul', [value, body.constant(tensorOf(Float32Array.of(2), []))]), x]);
  const most = body.op('ReduceMax', [next], { keepdims: 0 });
  body.output('goes', body.op('Less', [most, body.constant(tensorOf(Float32Array.of(50), []))]), 'bool', []);
  body.output('result', next, 'float32', [2]);
  const rounds = constant(graph, BigInt64Array.of(4n), []);
  const go = graph.op('Cast', [constant(graph, Uint8Array.of(1), [])], { to: 9 });
  const [result] = graph.ops('Loop', [rounds, go, x], 1, { body });
  if (result !== undefined) graph.output('y', result, 'float32', [2]);
}

/** One side sums rows, the other gives them as they are, or what another choice says. */
function choice(graph: GraphBuilder): void {
  const x = graph.input('x', 'float32', ['batch', 2]);
  const axes = constant(graph, BigInt64Array.of(1n));
  const sum = graph.op('ReduceSum', [x], { keepdims: 0 });
  const yes = graph.subgraph('yes');
  // The axes stand in the graph around: a side has to know them.
  const rows = yes.op('ReduceSum', [x, axes], { keepdims: 1 });
  yes.output('sums', rows, 'float32');
  yes.output('bias', constant(yes, Float32Array.of(1)), 'float32');
  const no = graph.subgraph('no');
  no.output('same', inner(no, x, above(no, sum, -5)), 'float32');
  no.output('none', constant(no, Float32Array.of(2)), 'float32');
  const [one, other] = graph.ops('If', [above(graph, sum, 5)], 2, { then_branch: yes, else_branch: no });
  if (one === undefined || other === undefined) return;
  graph.output('y', graph.op('Add', [one, other]), 'float32');
  graph.output('bias', other, 'float32', [1]);
}

function inner(around: GraphBuilder, x: GraphValue, condition: GraphValue): GraphValue {
  const yes = around.subgraph('inner_yes');
  yes.output('kept', x, 'float32');
  const no = around.subgraph('inner_no');
  no.output('turned', no.op('Neg', [x]), 'float32');
  return around.op('If', [condition], { then_branch: yes, else_branch: no });
}

function above(graph: GraphBuilder, value: GraphValue, bound: number): GraphValue {
  return graph.op('Greater', [value, constant(graph, Float32Array.of(bound), [])]);
}

/** Each round of a loop doubles a value, or halves it where it is large. */
function choiceInLoop(graph: GraphBuilder): void {
  const x = graph.input('x', 'float32', ['size']);
  const body = graph.subgraph('body');
  body.input('round', 'int64', []);
  const go = body.input('go', 'bool', []);
  const value = body.input('value', 'float32', ['size']);
  const sum = body.op('ReduceSum', [value], { keepdims: 0 });
  const [yes, no] = [body.subgraph('yes'), body.subgraph('no')];
  yes.output('half', yes.op('Mul', [value, constant(yes, Float32Array.of(0.5))]), 'float32');
  no.output('double', no.op('Add', [value, x]), 'float32');
  body.output('goes', go, 'bool', []);
  body.output('next', body.op('If', [above(body, sum, 6)], { then_branch: yes, else_branch: no }), 'float32');
  const start = graph.op('Cast', [constant(graph, Uint8Array.of(1), [])], { to: 9 });
  const [result] = graph.ops('Loop', [constant(graph, BigInt64Array.of(7n), []), start, x], 1, { body });
  if (result !== undefined) graph.output('y', result, 'float32', ['size']);
}

function given(...data: number[]): TranslatedCase['feeds'] {
  return { x: { type: 'float32', dims: [data.length / 2, 2], data } };
}

function vector(...data: number[]): TranslatedCase['feeds'] {
  return { x: { type: 'float32', dims: [data.length], data } };
}

export const CONTROL: Readonly<Record<string, TranslatedCase>> = {
  'a loop that comes to its end': { build: loop, feeds: vector(1, 30) },
  'a loop of as many rounds as it may have': { build: loop, feeds: vector(1, 2) },
  'a choice that says yes': { build: choice, feeds: given(1, 2, 3, 4) },
  'a choice that says no': { build: choice, feeds: given(1, 2, -3, 4) },
  'a choice within a choice': { build: choice, feeds: given(-1, -2, -3, -4) },
  'a choice in each round of a loop': { build: choiceInLoop, feeds: vector(1, 2, 0.5) },
};
