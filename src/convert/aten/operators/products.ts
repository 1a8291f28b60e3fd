import { attention, bilinear, type GraphTensor, linear } from '../../network/index.ts';
import type { AtenCall, AtenFamily, AtenLowering } from '../call.ts';
import { madeDatum } from '../datum.ts';

/** Vectors are rows on the left, and columns on the right. */
function product(call: AtenCall, a: GraphTensor, b: GraphTensor): GraphTensor {
  const { net } = call;
  if (a.shape.length === 0 || b.shape.length === 0) throw call.broken('multiplies single numbers');
  if (a.shape.length >= 2 && b.shape.length >= 2) return net.matmul(a, b);
  const left = a.shape.length === 1 ? unsqueezed(call, a, 0) : a;
  const right = b.shape.length === 1 ? unsqueezed(call, b, 1) : b;
  const both = net.matmul(left, right);
  const gone = [
    ...(a.shape.length === 1 ? [both.shape.length - 2] : []),
    ...(b.shape.length === 1 ? [both.shape.length - 1] : []),
  ];
  const shape = both.shape.filter((_, axis) => !gone.includes(axis));
  return net.op('Squeeze', [both, net.ints(gone)], { type: both.type, shape });
}

function unsqueezed({ net }: AtenCall, x: GraphTensor, axis: number): GraphTensor {
  const shape = [...x.shape.slice(0, axis), 1, ...x.shape.slice(axis)];
  return net.op('Unsqueeze', [x, net.ints([axis])], { type: x.type, shape });
}

function ofRank(call: AtenCall, name: string, rank: number): GraphTensor {
  const x = call.real(name);
  if (x.shape.length !== rank) throw call.broken(`has ${x.shape.length} dimensions as its ${name} instead of ${rank}`);
  return x;
}

const matmul: AtenLowering = (call) => madeDatum(product(call, call.real('self'), call.real('other')));

const matrices =
  (rank: number): AtenLowering =>
  (call) =>
    madeDatum(product(call, ofRank(call, 'self', rank), ofRank(call, 'mat2', rank)));

/** `beta * self + alpha * (a @ b)` */
const addedProduct =
  (a: string, b: string, rank: number): AtenLowering =>
  (call) => {
    const { net } = call;
    const both = net.mul(product(call, ofRank(call, a, rank), ofRank(call, b, rank)), call.number('alpha'));
    const beta = call.number('beta');
    return madeDatum(beta === 0 ? both : net.add(both, net.mul(call.real('self'), beta)));
  };

const linearOf: AtenLowering = (call) => {
  const [x, weight] = [call.real('input'), call.real('weight')];
  if (weight.shape.length !== 2) throw call.refuse('its weight is not a matrix');
  return madeDatum(linear(call.net, x, weight, call.optionalReal('bias')));
};

const einsum: AtenLowering = (call) => {
  const { net } = call;
  const values = call.datums('tensors').map(({ tensor }) => net.cast(tensor, 'float32'));
  const equation = call.text('equation').replaceAll(' ', '');
  const [terms = '', result] = equation.split('->');
  const parts = terms.split(',');
  if (result === undefined || !/^[A-Za-z,]*->[A-Za-z]*$/.test(equation) || parts.length !== values.length)
    throw call.refuse(`its equation is ${JSON.stringify(equation.slice(0, 80))}`);
  const sizes = new Map<string, GraphTensor['shape'][number]>();
  for (const [index, part] of parts.entries()) {
    const shape = values[index]?.shape ?? [];
    if (shape.length !== part.length) throw call.broken(`has the equation ${equation.slice(0, 80)}`);
    for (const [axis, letter] of [...part].entries())
      if (typeof sizes.get(letter) !== 'number') sizes.set(letter, shape[axis] ?? sizes.get(letter));
  }
  const shape = [...result].map((letter) => sizes.get(letter));
  return madeDatum(net.op('Einsum', values, { type: 'float32', shape }, { equation }));
};

/** A large negative number, whose exponential is 0. */
const HIDDEN = -1e9;

const scaledProducts: AtenLowering = (call) => {
  const { net } = call;
  const [q, k, v] = [call.real('query'), call.real('key'), call.real('value')];
  if (call.number('dropout_p') !== 0) throw call.refuse('it drops values, as in training');
  if (call.flag('enable_gqa')) throw call.refuse('several queries share a key');
  if (q.shape.length !== 4) throw call.refuse(`its queries have ${q.shape.length} dimensions`);
  const given = call.optional('attn_mask');
  if (given !== undefined && call.flag('is_causal')) throw call.broken('has two masks');
  const scale = call.optionalNumber('scale');
  const mask =
    given === undefined
      ? call.flag('is_causal')
        ? causal(call, q, k)
        : undefined
      : given.type === 'bool'
        ? net.where(given.tensor, net.real(0), net.real(HIDDEN))
        : net.cast(given.tensor, 'float32');
  const options = { ...(scale === undefined ? {} : { scale }), ...(mask === undefined ? {} : { mask }) };
  return madeDatum(attention(net, q, k, v, options));
};

/** A query sees the keys up to its own place. */
function causal(call: AtenCall, q: GraphTensor, k: GraphTensor): GraphTensor {
  const { net } = call;
  const [rows, columns] = [q.shape[2], k.shape[2]];
  if (typeof rows !== 'number' || typeof columns !== 'number' || rows * columns > 2 ** 22)
    throw call.refuse('the length of its texts is not known', 'give the shape of the input: --input-shape 128,64');
  const hidden = Float32Array.from({ length: rows * columns }, (_, at) =>
    at % columns > Math.floor(at / columns) ? HIDDEN : 0,
  );
  return net.reals(hidden, [rows, columns]);
}

export const ATEN_PRODUCTS: AtenFamily = {
  'matmul(Tensor self, Tensor other)': matmul,
  'mm(Tensor self, Tensor mat2)': matrices(2),
  'bmm(Tensor self, Tensor mat2)': matrices(3),
  'mv(Tensor self, Tensor vec)': (call) => madeDatum(product(call, ofRank(call, 'self', 2), ofRank(call, 'vec', 1))),
  'dot(Tensor self, Tensor tensor)': (call) =>
    madeDatum(product(call, ofRank(call, 'self', 1), ofRank(call, 'tensor', 1))),
  'addmm(Tensor self, Tensor mat1, Tensor mat2, *, Scalar beta=1, Scalar alpha=1)': addedProduct('mat1', 'mat2', 2),
  'baddbmm(Tensor self, Tensor batch1, Tensor batch2, *, Scalar beta=1, Scalar alpha=1)': addedProduct(
    'batch1',
    'batch2',
    3,
  ),
  'linear(Tensor input, Tensor weight, Tensor? bias=None)': linearOf,
  'bilinear(Tensor input1, Tensor input2, Tensor weight, Tensor? bias=None)': (call) =>
    madeDatum(
      bilinear(call.net, call.real('input1'), call.real('input2'), call.real('weight'), call.optionalReal('bias')),
    ),
  'einsum(str equation, Tensor[] tensors, *, any path=None)': einsum,
  'scaled_dot_product_attention(Tensor query, Tensor key, Tensor value, Tensor? attn_mask=None, float dropout_p=0, bool is_causal=False, *, float? scale=None, bool enable_gqa=False)':
    scaledProducts,
};
