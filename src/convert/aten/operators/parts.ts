import type { GraphSize, GraphTensor } from '../../network/index.ts';
import type { AtenCall, AtenExtent, AtenFamily, AtenLowering } from '../call.ts';
import { type AtenDatum, integers, madeDatum } from '../datum.ts';
import { plusSize } from '../sizes.ts';
import { commonType, sizesTensor } from './combine.ts';
import { sizeOf, unsqueezed } from './reshape.ts';

/** Bounds beyond every size. */
const BEYOND = 2 ** 31;

/** The elements from one to another along an axis, as Python counts them. */
export function slicedDatum(
  call: AtenCall,
  x: AtenDatum,
  axis: number,
  from: AtenExtent,
  to: AtenExtent | undefined,
  step = 1,
): AtenDatum {
  const { net } = call;
  if (step < 1) throw call.broken(`has the step ${step}`);
  const size = x.shape[axis];
  const whole = from === 0 && step === 1 && (to === undefined || (typeof to === 'number' && to >= BEYOND));
  if (whole || (from === 0 && step === 1 && to !== undefined && size !== undefined && sizeOf(to) === size)) return x;
  const length = sliceLength(size, from, to, step);
  if (length === 0) throw call.refuse('a tensor without elements');
  const shape = x.shape.map((one, at) => (at === axis ? length : one));
  const make = (): GraphTensor => {
    const end = to === undefined || (typeof to === 'number' && to >= BEYOND) ? Number.MAX_SAFE_INTEGER : to;
    const bounds = [sizesTensor(net, [from]), sizesTensor(net, [end]), net.ints([axis]), net.ints([step])];
    return net.op('Slice', [x.tensor, ...bounds], { type: x.type, shape });
  };
  if (x.known === undefined || x.rank !== 1 || typeof from !== 'number' || (to !== undefined && typeof to !== 'number'))
    return madeDatum(make());
  const known = x.known.slice(from, to).filter((_, index) => index % step === 0);
  return integers(net, [known.length], known, make);
}

function sliceLength(size: GraphSize, from: AtenExtent, to: AtenExtent | undefined, step: number): GraphSize {
  if (typeof size === 'number' && typeof from === 'number' && (to === undefined || typeof to === 'number')) {
    const place = (at: number) => Math.max(0, Math.min(size, at < 0 ? at + size : at));
    return Math.max(0, Math.ceil((place(to ?? size) - place(from)) / step));
  }
  // A size that is not known may be smaller than what is taken of it; its last element is there.
  const isOpen = to === undefined || (typeof to === 'number' && to >= BEYOND);
  return step === 1 && from === -1 && isOpen ? 1 : undefined;
}

const slice: AtenLowering = (call) => {
  const x = call.datum('self');
  const bound = (name: string): AtenExtent | undefined => {
    const value = call.value(name);
    if (value === null) return undefined;
    // The end is written as the largest number of 64 bits.
    if (typeof value === 'object' && value.kind === 'int' && value.value >= BEYOND) return BEYOND;
    return call.extent(name);
  };
  return slicedDatum(call, x, call.axisAt(x), bound('start') ?? 0, bound('end'), call.int('step'));
};

const narrow: AtenLowering = (call) => {
  const { net } = call;
  const x = call.datum('self');
  const [start, length] = [call.extent('start'), call.extent('length')];
  if (typeof start === 'number' && typeof length === 'number')
    return slicedDatum(call, x, call.axisAt(x), start, start + length);
  const [a, b] = [start, length].map((one) => (typeof one === 'number' ? net.ints([one], []) : one.tensor));
  if (a === undefined || b === undefined) throw call.broken('has no bounds');
  const end = integers(net, [], [plusSize(sizeOf(start), sizeOf(length))], () => net.binary('Add', a, b));
  return slicedDatum(call, x, call.axisAt(x), start, end);
};

/** One of an axis, which is gone then. */
export function taken(call: AtenCall, x: AtenDatum, axis: number, index: AtenExtent): AtenDatum {
  const { net } = call;
  const size = x.shape[axis];
  if (typeof index === 'number' && typeof size === 'number' && (index >= size || index < -size))
    throw call.broken(`takes ${index} of ${size}`);
  const shape = x.shape.filter((_, at) => at !== axis);
  const make = () => {
    const at = typeof index === 'number' ? net.ints([index], []) : index.tensor;
    return net.op('Gather', [x.tensor, at], { type: x.type, shape }, { axis });
  };
  if (x.known === undefined || x.rank !== 1 || typeof index !== 'number') return madeDatum(make());
  return integers(net, [], [x.known.at(index)], make);
}

const select: AtenLowering = (call) => {
  const x = call.datum('self');
  return taken(call, x, call.axisAt(x), call.extent('index'));
};

function knownSize(call: AtenCall, x: AtenDatum, axis: number): number {
  const size = x.shape[axis];
  if (typeof size === 'number') return size;
  throw call.refuse(
    `the size of its dimension ${axis} is not known`,
    'give the shape of the input without the batch: --input-shape 3,224,224',
  );
}

/** Parts of an axis, by their sizes. */
function parts(call: AtenCall, x: AtenDatum, axis: number, sizes: readonly number[]): AtenDatum[] {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const size = x.shape[axis];
  if (sizes.some((one) => one < 1) || (typeof size === 'number' && total !== size))
    throw call.broken(`makes parts of ${sizes.join(', ')} of ${size ?? '?'}`);
  let from = 0;
  return sizes.map((one) => {
    from += one;
    return slicedDatum(call, x, axis, from - one, from);
  });
}

const chunk: AtenLowering = (call) => {
  const x = call.datum('self');
  const axis = call.axisAt(x);
  const [size, count] = [knownSize(call, x, axis), call.int('chunks')];
  if (count < 1) throw call.broken(`makes ${count} parts`);
  return parts(call, x, axis, evenly(call, size, Math.ceil(size / count)));
};

/** Parts of one size, the last of which may be smaller. */
function evenly(call: AtenCall, size: number, each: number): number[] {
  if (each < 1 || size / each > 4_096) throw call.broken(`makes parts of ${each}`);
  return Array.from({ length: Math.ceil(size / each) }, (_, index) => Math.min(each, size - index * each));
}

const split: AtenLowering = (call) => {
  const x = call.datum('self');
  const axis = call.axisAt(x);
  return parts(call, x, axis, evenly(call, knownSize(call, x, axis), call.int('split_size')));
};

const splitWithSizes =
  (name: string): AtenLowering =>
  (call) => {
    const x = call.datum('self');
    return parts(call, x, call.axisAt(x), call.ints(name));
  };

const unbind: AtenLowering = (call) => {
  const x = call.datum('self');
  const axis = call.axisAt(x);
  const size = knownSize(call, x, axis);
  if (size > 4_096) throw call.refuse(`makes ${size} tensors`);
  return Array.from({ length: size }, (_, index) => taken(call, x, axis, index));
};

export const PART_VIEWS: AtenFamily = {
  'slice.Tensor(Tensor self, int dim=0, int? start=None, int? end=None, int step=1)': slice,
  'narrow(Tensor self, int dim, int start, int length)': narrow,
  'select.int(Tensor self, int dim, int index)': select,
  'chunk(Tensor self, int chunks, int dim=0)': chunk,
  'split.Tensor(Tensor self, int split_size, int dim=0)': split,
  'split.sizes(Tensor self, int[] split_size, int dim=0)': splitWithSizes('split_size'),
  'split(Tensor self, int[] split_sizes, int dim=0)': splitWithSizes('split_sizes'),
  'split_with_sizes(Tensor self, int[] split_sizes, int dim=0)': splitWithSizes('split_sizes'),
  'unbind.int(Tensor self, int dim=0)': unbind,
};

const cat: AtenLowering = (call) => {
  const { net } = call;
  // An old form of an empty tensor fits every other one.
  const all = call.datums('tensors').filter(({ shape }) => !(shape.length === 1 && shape[0] === 0));
  const [first] = all;
  if (first === undefined) throw call.broken('joins no tensors');
  const axis = call.axisAt(first);
  return joined(call, all, axis, net);
};

function joined(call: AtenCall, all: readonly AtenDatum[], axis: number, net = call.net): AtenDatum {
  const [first] = all;
  if (first === undefined) throw call.broken('joins no tensors');
  const type = commonType(...all);
  const shape = first.shape.map((size, at) => {
    if (at === axis) return all.reduce<GraphSize>((sum, part) => plusSize(sum, part.shape[at]), 0);
    return all.map((part) => part.shape[at]).find((one) => typeof one === 'number') ?? size;
  });
  for (const part of all) {
    const other = part.shape.some((size, at) => {
      const wanted = shape[at];
      return at !== axis && typeof size === 'number' && typeof wanted === 'number' && size !== wanted;
    });
    if (part.rank !== first.rank || other) throw call.broken('joins tensors of shapes that do not fit');
  }
  const make = () => {
    const tensors = all.map((part) => net.cast(part.tensor, type));
    const [only] = tensors;
    return tensors.length === 1 && only !== undefined ? only : net.op('Concat', tensors, { type, shape }, { axis });
  };
  if (type !== 'int64' || first.rank !== 1 || all.some(({ known }) => known === undefined)) return madeDatum(make());
  const known = all.flatMap((part) => part.known ?? []);
  return known.length > 4_096 ? madeDatum(make()) : integers(net, shape, known, make);
}

const stack: AtenLowering = (call) => {
  const all = call.datums('tensors');
  const [first] = all;
  if (first === undefined) throw call.broken('joins no tensors');
  const dim = call.int('dim');
  const axis = dim < 0 ? dim + first.rank + 1 : dim;
  return joined(
    call,
    all.map((part) => unsqueezed(call, part, axis)),
    axis,
  );
};

const repeat: AtenLowering = (call) => {
  const { net } = call;
  const repeats = call.extents('repeats');
  let x = call.datum('self');
  while (x.rank < repeats.length) x = unsqueezed(call, x, 0);
  if (x.rank > repeats.length) throw call.broken(`repeats ${repeats.length} of ${x.rank} dimensions`);
  const shape = x.shape.map((size, axis): GraphSize => {
    const times = repeats[axis];
    if (times === 1) return size;
    if (size === 1 && times !== undefined) return sizeOf(times);
    return typeof size === 'number' && typeof times === 'number' ? size * times : undefined;
  });
  if (shape.includes(0)) throw call.refuse('a tensor without elements');
  return madeDatum(net.op('Tile', [x.tensor, sizesTensor(net, repeats)], { type: x.type, shape }));
};

const gather: AtenLowering = (call) => {
  const { net } = call;
  const [x, index] = [call.datum('self'), call.datum('index')];
  const axis = call.axisAt(x);
  if (index.type !== 'int64' || index.rank !== x.rank) throw call.broken('has an index of another form');
  const result = { type: x.type, shape: index.shape };
  return madeDatum(net.op('GatherElements', [x.tensor, index.tensor], result, { axis }));
};

const indexSelect: AtenLowering = (call) => {
  const { net } = call;
  const [x, index] = [call.datum('self'), call.datum('index')];
  const axis = call.axisAt(x);
  if (index.type !== 'int64' || index.rank > 1) throw call.broken('has an index of another form');
  const count = index.rank === 0 ? 1 : index.shape[0];
  const places = index.rank === 0 ? unsqueezed(call, index, 0) : index;
  const shape = x.shape.map((size, at) => (at === axis ? count : size));
  return madeDatum(net.op('Gather', [x.tensor, places.tensor], { type: x.type, shape }, { axis }));
};

/** `x[:, index]`: one tensor of integers, all other dimensions whole. */
const index: AtenLowering = (call) => {
  const { net } = call;
  const x = call.datum('self');
  const given = call.items('indices');
  const axis = given.findIndex((one) => one !== null);
  const others = given.filter((one) => one !== null).length;
  if (others !== 1) throw call.refuse(`it takes elements by ${others} tensors`);
  const by = call.within('indices', axis);
  if (by.type !== 'int64')
    throw call.refuse('it takes elements by Booleans, whose number is known when the model runs');
  const shape = [...x.shape.slice(0, axis), ...by.shape, ...x.shape.slice(axis + 1)];
  return madeDatum(net.op('Gather', [x.tensor, by.tensor], { type: x.type, shape }, { axis }));
};

const flip: AtenLowering = (call) => {
  const { net } = call;
  const x = call.datum('self');
  const axes = call.ints('dims').map((axis) => call.axis(x, axis));
  if (axes.length === 0) return x;
  const bounds = [axes.map(() => -1), axes.map(() => -BEYOND), axes, axes.map(() => -1)].map((list) => net.ints(list));
  return madeDatum(net.op('Slice', [x.tensor, ...bounds], { type: x.type, shape: x.shape }));
};

/** The end comes to the front. */
const roll: AtenLowering = (call) => {
  const x = call.datum('self');
  const [shifts, dims] = [call.ints('shifts'), call.ints('dims')];
  if (dims.length !== shifts.length) throw call.refuse('it moves all elements, whatever their dimensions');
  return dims.reduce((turned, dim, i) => {
    const axis = call.axis(x, dim);
    const size = knownSize(call, turned, axis);
    const by = (((shifts[i] ?? 0) % size) + size) % size;
    if (by === 0) return turned;
    return joined(
      call,
      [slicedDatum(call, turned, axis, size - by, undefined), slicedDatum(call, turned, axis, 0, size - by)],
      axis,
    );
  }, x);
};

const embedding: AtenLowering = (call) => {
  const { net } = call;
  const [table, places] = [call.datum('weight'), call.datum('indices')];
  if (places.type !== 'int64') throw call.broken('takes indices that are not integers');
  if (table.rank !== 2) throw call.broken(`has a table of ${table.rank} dimensions`);
  const shape = [...places.shape, table.shape[1]];
  return madeDatum(net.op('Gather', [table.tensor, places.tensor], { type: table.type, shape }, { axis: 0 }));
};

const triangle =
  (upper: boolean): AtenLowering =>
  (call) => {
    const { net } = call;
    const x = call.datum('self');
    const numbers = x.type === 'bool' ? net.cast(x.tensor, 'int64') : x.tensor;
    const diagonal = net.ints([call.int('diagonal')], []);
    return madeDatum(net.cast(net.op('Trilu', [numbers, diagonal], numbers, { upper }), x.type));
  };

export const PARTS: AtenFamily = {
  'cat(Tensor[] tensors, int dim=0)': cat,
  'concat(Tensor[] tensors, int dim=0)': cat,
  'stack(Tensor[] tensors, int dim=0)': stack,
  'repeat(Tensor self, int[] repeats)': repeat,
  'gather(Tensor self, int dim, Tensor index, *, bool sparse_grad=False)': gather,
  'index_select(Tensor self, int dim, Tensor index)': indexSelect,
  'index.Tensor(Tensor self, Tensor?[] indices)': index,
  'flip(Tensor self, int[] dims)': flip,
  'roll(Tensor self, int[1] shifts, int[1] dims=[])': roll,
  'embedding(Tensor weight, Tensor indices, int padding_idx=-1, bool scale_grad_by_freq=False, bool sparse=False)':
    embedding,
  'tril(Tensor self, int diagonal=0)': triangle(false),
  'triu(Tensor self, int diagonal=0)': triangle(true),
};
