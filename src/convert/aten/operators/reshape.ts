import { type GraphSize, type GraphTensor, product, shownShape } from '../../network/index.ts';
import type { AtenCall, AtenExtent, AtenFamily, AtenLowering } from '../call.ts';
import { type AtenDatum, integers, madeDatum } from '../datum.ts';
import { dividedSize, sizeProduct } from '../sizes.ts';
import { sizesTensor } from './combine.ts';

/** The size that an extent has. */
export function sizeOf(extent: AtenExtent): GraphSize {
  return typeof extent === 'number' ? extent : extent.known?.[0];
}

/**
 * The same elements in another shape, of which one size may be -1. A size that the tensor has at the same place is that one (0, in ONNX);
 * one other that is not a number is what is left.
 */
export function reshapedDatum(call: AtenCall, x: AtenDatum, extents: readonly AtenExtent[]): AtenDatum {
  const { net } = call;
  const given = extents.map(sizeOf);
  const rests = given.filter((size) => size === -1).length;
  if (rests > 1 || given.some((size) => typeof size === 'number' && size < -1))
    throw call.broken(`makes the shape ${shownShape(given)}`);
  if (given.includes(0) || x.shape.includes(0)) throw call.refuse('a tensor without elements');
  const shape = resultShape(call, x.shape, given);
  const parts = given.map((size, axis) => {
    if (typeof size === 'number') return size;
    return size !== undefined && x.shape[axis] === size ? 0 : undefined;
  });
  const open = parts.filter((part) => part === undefined).length;
  const make = (): GraphTensor => {
    const result = { type: x.type, shape };
    if (open + rests > 1) return net.op('Reshape', [x.tensor, sizesTensor(net, extents)], result);
    return net.op('Reshape', [x.tensor, net.ints(parts.map((part) => part ?? -1))], result);
  };
  return x.known === undefined ? madeDatum(make()) : integers(net, shape, x.known, make);
}

function resultShape(call: AtenCall, from: readonly GraphSize[], given: readonly GraphSize[]): GraphSize[] {
  const at = given.indexOf(-1);
  const [before, after] = [product(from), product(given)];
  if (at < 0) {
    if (before !== undefined && after !== undefined && before !== after)
      throw call.broken(`makes the shape ${shownShape(given)} of ${shownShape(from)}`);
    return given.map((size) => size);
  }
  const others = given.filter((_, axis) => axis !== at);
  const rest = dividedSize(sizeProduct(from), sizeProduct(others));
  if (rest === undefined && before !== undefined && product(others) !== undefined)
    throw call.broken(`makes the shape ${shownShape(given)} of ${shownShape(from)}`);
  return given.map((size, axis) => (axis === at ? (rest ?? sameLeft(from, others)) : size));
}

/** A size that only one side has, when all others are on both. */
function sameLeft(from: readonly GraphSize[], others: readonly GraphSize[]): GraphSize {
  const left = [...from];
  for (const size of others) {
    const at = size === undefined ? -1 : left.indexOf(size);
    if (at < 0) return undefined;
    left.splice(at, 1);
  }
  return left.length === 1 ? left[0] : undefined;
}

const view: AtenLowering = (call) => reshapedDatum(call, call.datum('self'), call.extents('size'));

function extentsOf(call: AtenCall, x: AtenDatum, from: number, to: number): AtenExtent[] {
  const { net } = call;
  return x.shape.slice(from, to).map((size, index): AtenExtent => {
    if (typeof size === 'number') return size;
    return sizeDatum(call, x, from + index, net);
  });
}

/** One size of a tensor, as a value. */
export function sizeDatum(call: AtenCall, x: AtenDatum, axis: number, net = call.net): AtenDatum {
  const size = x.shape[axis];
  return integers(net, [], [size], () => {
    const index = net.ints([axis], []);
    return net.op('Gather', [net.sizes(x.tensor), index], { type: 'int64', shape: [] }, { axis: 0 });
  });
}

const flatten: AtenLowering = (call) => {
  const x = call.datum('self');
  if (x.rank === 0) return reshapedDatum(call, x, [1]);
  const [from, to] = [call.axis(x, call.int('start_dim')), call.axis(x, call.int('end_dim'))];
  if (from > to) throw call.broken(`joins the dimensions ${from} to ${to}`);
  if (from === to) return call.cell('self');
  return reshapedDatum(call, x, [...extentsOf(call, x, 0, from), -1, ...extentsOf(call, x, to + 1, x.rank)]);
};

const unflatten: AtenLowering = (call) => {
  const x = call.datum('self');
  const axis = call.axisAt(x);
  return reshapedDatum(call, x, [
    ...extentsOf(call, x, 0, axis),
    ...call.extents('sizes'),
    ...extentsOf(call, x, axis + 1, x.rank),
  ]);
};

/** Of a tensor, the shape of another one. */
const viewAs: AtenLowering = (call) => {
  const other = call.datum('other');
  return reshapedDatum(call, call.datum('self'), extentsOf(call, other, 0, other.rank));
};

function permuted(call: AtenCall, x: AtenDatum, perm: readonly number[]): AtenDatum {
  if (perm.length !== x.rank || new Set(perm).size !== perm.length)
    throw call.broken(`has the order ${perm.join(', ')} of ${x.rank} dimensions`);
  const shape = perm.map((axis) => x.shape[axis]);
  if (perm.every((axis, index) => axis === index)) return x;
  return madeDatum(call.net.op('Transpose', [x.tensor], { type: x.type, shape }, { perm }));
}

function swapped(call: AtenCall, x: AtenDatum, a: number, b: number): AtenDatum {
  const perm = x.shape.map((_, axis) => axis);
  perm[a] = b;
  perm[b] = a;
  return permuted(call, x, perm);
}

const transposed =
  (first: string, second: string): AtenLowering =>
  (call) => {
    const x = call.datum('self');
    return swapped(call, x, call.axisAt(x, first), call.axisAt(x, second));
  };

const matrixTransposed: AtenLowering = (call) => {
  const x = call.datum('self');
  if (x.rank > 2) throw call.broken(`takes a matrix, not ${x.rank} dimensions`);
  return x.rank < 2 ? x : swapped(call, x, 0, 1);
};

const moved: AtenLowering = (call) => {
  const x = call.datum('self');
  const [from, to] = [call.ints('source'), call.ints('destination')].map((axes) =>
    axes.map((axis) => call.axis(x, axis)),
  );
  if (from === undefined || to === undefined || from.length !== to.length)
    throw call.broken('moves other numbers of dimensions');
  const rest = x.shape.map((_, axis) => axis).filter((axis) => !from.includes(axis));
  const perm = x.shape.map((_, axis) => (to.includes(axis) ? (from[to.indexOf(axis)] ?? 0) : (rest.shift() ?? 0)));
  return permuted(call, x, perm);
};

function squeezed(call: AtenCall, x: AtenDatum, axes: readonly number[]): AtenDatum {
  const { net } = call;
  const gone = axes.filter((axis) => {
    const size = x.shape[axis];
    if (x.rank > 0 && typeof size !== 'number')
      throw call.refuse(`whether the dimension ${axis} has the size 1 is not known`);
    return size === 1;
  });
  if (gone.length === 0) return x;
  const shape = x.shape.filter((_, axis) => !gone.includes(axis));
  const make = () => net.op('Squeeze', [x.tensor, net.ints(gone)], { type: x.type, shape });
  return x.known === undefined ? madeDatum(make()) : integers(net, shape, x.known, make);
}

export function unsqueezed(call: AtenCall, x: AtenDatum, axis: number): AtenDatum {
  const { net } = call;
  const at = axis < 0 ? axis + x.rank + 1 : axis;
  if (at < 0 || at > x.rank) throw call.broken(`has the dimension ${axis} of ${x.rank}`);
  const shape = [...x.shape.slice(0, at), 1, ...x.shape.slice(at)];
  const make = () => net.op('Unsqueeze', [x.tensor, net.ints([at])], { type: x.type, shape });
  return x.known === undefined ? madeDatum(make()) : integers(net, shape, x.known, make);
}

/** Repeats dimensions of size 1; -1 keeps a size, and new dimensions come first. */
export function expandedDatum(call: AtenCall, x: AtenDatum, extents: readonly AtenExtent[]): AtenDatum {
  const { net } = call;
  const added = extents.length - x.rank;
  if (added < 0) throw call.broken(`makes ${extents.length} dimensions of ${x.rank}`);
  const target = extents.map((extent, axis): AtenExtent => {
    const own = axis < added ? undefined : x.shape[axis - added];
    if (extent !== -1) {
      if (typeof extent === 'number' && typeof own === 'number' && own !== 1 && own !== extent)
        throw call.broken(`makes the size ${extent} of ${own}`);
      return extent;
    }
    if (axis < added) throw call.broken('keeps the size of a new dimension');
    return typeof own === 'number' ? own : sizeDatum(call, x, axis - added);
  });
  const shape = target.map((extent, axis) => {
    const size = sizeOf(extent);
    const own = axis < added ? undefined : x.shape[axis - added];
    return size ?? (own === 1 ? undefined : own);
  });
  if (added === 0 && shape.every((size, axis) => size !== undefined && size === x.shape[axis])) return x;
  if (shape.includes(0)) throw call.refuse('a tensor without elements');
  return madeDatum(net.op('Expand', [x.tensor, sizesTensor(net, target)], { type: x.type, shape }));
}

const expandAs: AtenLowering = (call) => {
  const other = call.datum('other');
  return expandedDatum(call, call.datum('self'), extentsOf(call, other, 0, other.rank));
};

/** Another element type. Its value is the same tensor where nothing changes. */
function cast(call: AtenCall, type: AtenDatum['type'] | undefined): ReturnType<AtenLowering> {
  const x = call.datum('self');
  if (type === undefined || type === x.type) return call.cell('self');
  return madeDatum(call.net.cast(x.tensor, type));
}

const toType: AtenLowering = (call) => cast(call, call.dtype());
const copied: AtenLowering = (call) => call.datum('self');
const itself: AtenLowering = (call) => call.cell('self');
const TO = 'bool non_blocking=False, bool copy=False, int? memory_format=None';

/** Operators whose results may have the memory of what they are given. */
export const VIEWS: AtenFamily = {
  'view(Tensor self, int[] size)': view,
  '_unsafe_view(Tensor self, int[] size)': view,
  'reshape(Tensor self, int[] shape)': (call) => reshapedDatum(call, call.datum('self'), call.extents('shape')),
  'view_as(Tensor self, Tensor other)': viewAs,
  'reshape_as(Tensor self, Tensor other)': viewAs,
  'flatten.using_ints(Tensor self, int start_dim=0, int end_dim=-1)': flatten,
  'unflatten.int(Tensor self, int dim, int[] sizes)': unflatten,
  'transpose.int(Tensor self, int dim0, int dim1)': transposed('dim0', 'dim1'),
  'swapaxes(Tensor self, int axis0, int axis1)': transposed('axis0', 'axis1'),
  'swapdims(Tensor self, int dim0, int dim1)': transposed('dim0', 'dim1'),
  't(Tensor self)': matrixTransposed,
  'numpy_T(Tensor self)': (call) => {
    const x = call.datum('self');
    return permuted(call, x, x.shape.map((_, axis) => axis).reverse());
  },
  'permute(Tensor self, int[] dims)': (call) => {
    const x = call.datum('self');
    return permuted(
      call,
      x,
      call.ints('dims').map((axis) => call.axis(x, axis)),
    );
  },
  'movedim.intlist(Tensor self, int[] source, int[] destination)': moved,
  'movedim.int(Tensor self, int[1] source, int[1] destination)': moved,
  'squeeze(Tensor self)': (call) => {
    const x = call.datum('self');
    return squeezed(
      call,
      x,
      x.shape.map((_, axis) => axis),
    );
  },
  'squeeze.dim(Tensor self, int dim)': (call) => {
    const x = call.datum('self');
    return squeezed(call, x, [call.axisAt(x)]);
  },
  'squeeze.dims(Tensor self, int[] dim)': (call) => {
    const x = call.datum('self');
    return squeezed(call, x, call.axes(x));
  },
  'unsqueeze(Tensor self, int dim)': (call) => unsqueezed(call, call.datum('self'), call.int('dim')),
  'expand(Tensor self, int[] size, *, bool implicit=False)': (call) =>
    expandedDatum(call, call.datum('self'), call.extents('size')),
  'broadcast_to(Tensor self, int[] size)': (call) => expandedDatum(call, call.datum('self'), call.extents('size')),
  'expand_as(Tensor self, Tensor other)': expandAs,
  'contiguous(Tensor self, *, any memory_format=None)': copied,
  'detach(Tensor self)': copied,
  'alias(Tensor self)': copied,
  'lift_fresh(Tensor self)': copied,
  [`to.dtype(Tensor self, int dtype, ${TO})`]: toType,
  [`to.device(Tensor self, device device, int dtype, ${TO})`]: toType,
  'to.prim_Device(Tensor self, device? device, int? dtype=None, bool non_blocking=False, bool copy=False)': toType,
  [`to.other(Tensor self, Tensor other, ${TO})`]: (call) => cast(call, call.datum('other').type),
  [`to.dtype_layout(Tensor self, *, int? dtype=None, any layout=None, any device=None, any pin_memory=None, ${TO})`]:
    toType,
  'type_as(Tensor self, Tensor other)': (call) => cast(call, call.datum('other').type),
  'float(Tensor self)': (call) => cast(call, 'float32'),
  'double(Tensor self)': (call) => cast(call, 'float32'),
  'long(Tensor self)': (call) => cast(call, 'int64'),
  'cpu(Tensor self)': itself,
  'requires_grad_(Tensor self, bool requires_grad=True)': itself,
};

/** Operators that copy. */
export const COPIES: AtenFamily = {
  'clone(Tensor self, *, any memory_format=None)': copied,
  '_to_copy(Tensor self, *, int? dtype=None, any layout=None, any device=None, any pin_memory=None, bool non_blocking=False, any memory_format=None)':
    (call) => {
      const type = call.dtype();
      const x = call.datum('self');
      return type === undefined || type === x.type ? x : madeDatum(call.net.cast(x.tensor, type));
    },
};
