import type { GraphSize, GraphTensor } from '../../../network/index.ts';
import { axes, type Datum, type Lowering, made, type OperationCall } from '../../graph/index.ts';
import { integersValue } from '../combine.ts';

/** What is taken of one axis; a bound that is undefined is that of the axis. */
interface Cut {
  readonly axis: number;
  readonly from: Bound;
  readonly to: Bound;
  readonly step: number;
}

type Bound = { readonly number: number } | { readonly tensor: GraphTensor } | undefined;

const BEYOND = 2 ** 31 - 1;

/** Python's slices: bits say which bounds are left out, where axes are new, and which are single elements. */
export const stridedSlice: Lowering = (call) => {
  const x = call.input(0);
  const steps = call.integers(3);
  const bit = (name: string, index: number) => ((call.count(name, 0) >> index) & 1) === 1;
  const ellipsis = steps.findIndex((_, index) => bit('ellipsis_mask', index));
  const consumed = steps.filter((_, index) => index !== ellipsis && !bit('new_axis_mask', index)).length;
  if (consumed > x.shape.length) throw call.broken(`takes parts of ${consumed} axes, of ${x.shape.length}`);
  const cuts: Cut[] = [];
  const added: number[] = [];
  const gone: number[] = [];
  let axis = 0;
  let place = 0;
  for (const [index, step] of steps.entries()) {
    if (index === ellipsis) {
      const skipped = x.shape.length - consumed;
      axis += skipped;
      place += skipped;
    } else if (bit('new_axis_mask', index)) added.push(place++);
    else {
      const single = bit('shrink_axis_mask', index);
      if (step === 0) throw call.broken('has a step of 0');
      const cut = single ? singleCut(call, axis, index) : cutOf(call, axis, index, step, bit);
      if (cut.from !== undefined || cut.to !== undefined || step !== 1) cuts.push(cut);
      if (single) gone.push(axis);
      else place++;
      axis++;
    }
  }
  return shaped(call, x, sliced(call, x, cuts), gone, added);
};

function bound(call: OperationCall, input: number, index: number): Bound {
  const list = call.input(input);
  const known = list.known?.[index];
  if (typeof known === 'number') return { number: known };
  const { net } = call;
  return {
    tensor: net.op('Slice', [list.tensor, net.ints([index]), net.ints([index + 1])], { type: 'int64', shape: [1] }),
  };
}

function cutOf(
  call: OperationCall,
  axis: number,
  index: number,
  step: number,
  bit: (name: string, index: number) => boolean,
): Cut {
  const from = bit('begin_mask', index) ? undefined : bound(call, 1, index);
  const to = bit('end_mask', index) ? undefined : bound(call, 2, index);
  return { axis, from, to, step };
}

/** One element: behind the last one is nothing, which is not the element 0. */
function singleCut(call: OperationCall, axis: number, index: number): Cut {
  const from = bound(call, 1, index);
  if (from === undefined || 'tensor' in from)
    throw call.refuse('which element it takes is known only when the model runs');
  return { axis, from, to: from.number === -1 ? undefined : { number: from.number + 1 }, step: 1 };
}

function sliced(call: OperationCall, x: Datum, cuts: readonly Cut[]): Datum {
  const { net } = call;
  if (cuts.length === 0) return x;
  const shape = x.shape.map((size, axis) => {
    const cut = cuts.find((one) => one.axis === axis);
    return cut === undefined ? size : sizeAfter(size, cut);
  });
  const make = () => {
    const list = (bounds: readonly GraphTensor[]) =>
      net.op('Concat', bounds, { type: 'int64', shape: [bounds.length] }, { axis: 0 });
    const tensor = (one: Bound, open: number): GraphTensor =>
      one === undefined ? net.ints([open]) : 'tensor' in one ? one.tensor : net.ints([one.number]);
    const from = cuts.map((cut) => tensor(cut.from, cut.step > 0 ? 0 : BEYOND));
    const to = cuts.map((cut) => tensor(cut.to, cut.step > 0 ? BEYOND : -BEYOND));
    const inputs = [list(from), list(to), net.ints(cuts.map((cut) => cut.axis)), net.ints(cuts.map((cut) => cut.step))];
    return net.op('Slice', [x.tensor, ...inputs], { type: x.type, shape });
  };
  const [only] = cuts;
  if (x.known === undefined || x.shape.length !== 1 || only === undefined) return made(make());
  const known = knownPart(x.known, only);
  return known === undefined ? made(make()) : integersValue(net, [known.length], known, make);
}

function sizeAfter(size: GraphSize, { from, to, step }: Cut): GraphSize {
  if (from === undefined && to === undefined && Math.abs(step) === 1) return size;
  if (typeof size !== 'number' || (from !== undefined && 'tensor' in from) || (to !== undefined && 'tensor' in to)) {
    // An element that is taken is there.
    const [start, end] = [numberOf(from), numberOf(to)];
    if (step === 1 && start !== undefined && end !== undefined && end === start + 1) return 1;
    return step === 1 && start === -1 && to === undefined ? 1 : undefined;
  }
  return indices(size, { axis: 0, from, to, step }).length;
}

function numberOf(one: Bound): number | undefined {
  return one !== undefined && 'number' in one ? one.number : undefined;
}

function knownPart(known: readonly GraphSize[], cut: Cut): GraphSize[] | undefined {
  if ((cut.from !== undefined && 'tensor' in cut.from) || (cut.to !== undefined && 'tensor' in cut.to))
    return undefined;
  return indices(known.length, cut).map((index) => known[index]);
}

/** The places that a slice takes, as Python counts them. */
function indices(
  size: number,
  { from, to, step }: Cut,
): { readonly length: number; map<T>(each: (index: number) => T): T[] } {
  const [least, most] = step > 0 ? [0, size] : [-1, size - 1];
  const place = (one: number) => Math.max(least, Math.min(most, one < 0 ? one + size : one));
  const start = place(numberOf(from) ?? (step > 0 ? 0 : BEYOND));
  const end = to === undefined ? (step > 0 ? most : least) : place(numberOf(to) ?? 0);
  const length = Math.max(0, Math.ceil((end - start) / step));
  return { length, map: (each) => Array.from({ length }, (_, index) => each(start + index * step)) };
}

function shaped(
  call: OperationCall,
  before: Datum,
  x: Datum,
  gone: readonly number[],
  added: readonly number[],
): Datum {
  const { net } = call;
  if (gone.length === 0 && added.length === 0) return x;
  const kept = x.shape.filter((_, axis) => !gone.includes(axis));
  const shape = [...kept];
  for (const axis of added) shape.splice(axis, 0, 1);
  const make = () => {
    const squeezed =
      gone.length === 0 ? x.tensor : net.op('Squeeze', [x.tensor, net.ints(gone)], { type: x.type, shape: kept });
    return added.length === 0 ? squeezed : net.op('Unsqueeze', [squeezed, net.ints(added)], { type: x.type, shape });
  };
  if (before.known === undefined || x.known === undefined || shape.length > 1) return made(make());
  return integersValue(net, shape, x.known, make);
}

/** Parts by where they begin and their size, -1 for all that follow. */
export const lowerSlice: Lowering = (call) => {
  const x = call.input(0);
  const [begins, sizes] = [call.integers(1), call.integers(2)];
  if (begins.length !== x.shape.length || sizes.length !== x.shape.length)
    throw call.broken(`takes parts of ${begins.length} axes, of ${x.shape.length}`);
  const cuts = axes(0, x.shape.length).flatMap((axis): Cut[] => {
    const [begin, size] = [begins[axis] ?? 0, sizes[axis] ?? -1];
    if (begin === 0 && (size === -1 || size === x.shape[axis])) return [];
    return [{ axis, from: { number: begin }, to: size === -1 ? undefined : { number: begin + size }, step: 1 }];
  });
  return sliced(call, x, cuts);
};

export const reverse: Lowering = (call) => {
  const x = call.input(0);
  const cuts = call.integers(1).map((axis) => ({ axis: call.axis(x, axis), from: undefined, to: undefined, step: -1 }));
  return sliced(call, x, cuts);
};
