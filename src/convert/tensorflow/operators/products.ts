import { type GraphTensor, swapAxes } from '../../network/index.ts';
import { type Lowering, made, type OperationCall, type OperationFamily } from '../graph/index.ts';

function product(call: OperationCall, turnedA: boolean, turnedB: boolean): GraphTensor {
  const { net } = call;
  const [a, b] = [call.tensor(0), call.tensor(1)];
  const turn = (x: GraphTensor, turned: boolean) => (turned ? swapAxes(net, x, -1, -2) : x);
  return net.matmul(turn(a, turnedA), turn(b, turnedB));
}

const matMul: Lowering = (call) => made(product(call, call.flag('transpose_a'), call.flag('transpose_b')));

/** Stacks of matrices; real numbers have no conjugates. */
const stacks: Lowering = (call) => made(product(call, call.flag('adj_x'), call.flag('adj_y')));

const einsum: Lowering = (call) => {
  const values = call.inputs(0).map(({ tensor }) => tensor);
  const equation = call.text('equation', '').replaceAll(' ', '');
  const [terms = '', result] = equation.split('->');
  const parts = terms.split(',');
  if (result === undefined || !/^[A-Za-z,]*->[A-Za-z]*$/.test(equation) || parts.length !== values.length)
    throw call.refuse(`its equation is ${equation.slice(0, 80)}`);
  const sizes = new Map<string, GraphTensor['shape'][number]>();
  for (const [index, part] of parts.entries()) {
    const shape = values[index]?.shape ?? [];
    if (shape.length !== part.length)
      throw call.broken(`has an equation of other dimensions: ${equation.slice(0, 80)}`);
    for (const [axis, letter] of [...part].entries())
      if (typeof sizes.get(letter) !== 'number') sizes.set(letter, shape[axis] ?? sizes.get(letter));
  }
  const shape = [...result].map((letter) => sizes.get(letter));
  return made(call.net.op('Einsum', values, { type: 'float32', shape }, { equation }));
};

export const PRODUCTS: OperationFamily = {
  MatMul: matMul,
  BatchMatMul: stacks,
  BatchMatMulV2: stacks,
  BatchMatMulV3: stacks,
  Einsum: einsum,
};
