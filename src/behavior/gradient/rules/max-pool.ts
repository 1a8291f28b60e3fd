import type { Ops } from '../ops.ts';
import { DYNAMIC } from '../shapes.ts';
import type { BackStep } from '../step.ts';
import { paddingBehind, poolWindow, type SpatialWindow } from './window.ts';

/** Places of a window, each of which is a few nodes. */
const MAX_PLACES = 1024;
/** Below every number that a pooling is given, and finite. */
const LOWEST = -3e38;

/**
 * The first largest number of a window has its gradient. For each place of the window, the numbers that stand there in all
 * windows are one slice with strides: those that are equal to the result have the gradient. Slices whose places differ by
 * whole strides are added side by side, and the rest are interleaved: operators that each provider and operator set has.
 */
export function maxPoolBack(step: BackStep): void {
  const { ops } = step;
  const window = poolWindow(step);
  const [x, y] = [step.input(0), step.output()];
  const places = placesOf(window.kernel);
  if (places.length > MAX_PLACES) throw step.refuse(`its window has more than ${MAX_PLACES} places`);
  const gradient = step.gradient();
  const padded = surrounded(ops, x, window);
  const grids = new Map<string, string>();
  const most = window.kernel.map((size, axis) => Math.floor(offset(window, size - 1, axis) / stride(window, axis)));
  let taken: string | undefined;
  for (const place of places) {
    const largest = ops.op('Equal', [sliceAt(ops, padded, window, place), y]);
    const hit = taken === undefined ? largest : ops.op('And', [largest, ops.op('Not', [taken])]);
    taken = taken === undefined ? largest : ops.op('Or', [taken, largest]);
    const shift = place.map((at, axis) => Math.floor(offset(window, at, axis) / stride(window, axis)));
    const part = ops.pad(
      ops.keep(hit, gradient),
      [0, 0, ...shift],
      [0, 0, ...shift.map((by, axis) => (most[axis] ?? 0) - by)],
    );
    const rest = place.map((at, axis) => offset(window, at, axis) % stride(window, axis)).join();
    const known = grids.get(rest);
    grids.set(rest, known === undefined ? part : ops.add(known, part));
  }
  const channels = step.size(x, 1);
  step.give(0, cut(ops, interleaved(ops, grids, window, most, channels), window, most));
}

function stride({ strides }: SpatialWindow, axis: number): number {
  return strides[axis] ?? 1;
}

/** How far a place of the window is from its start. */
function offset({ dilations }: SpatialWindow, at: number, axis: number): number {
  return at * (dilations[axis] ?? 1);
}

/** All places of a block, in the order of its numbers. */
function placesOf(sizes: readonly number[]): readonly (readonly number[])[] {
  return sizes.reduce<readonly (readonly number[])[]>(
    (places, size) => places.flatMap((place) => Array.from({ length: size }, (_, at) => [...place, at])),
    [[]],
  );
}

function surrounded(ops: Ops, x: string, window: SpatialWindow): string {
  const behind = paddingBehind(window).map((count) => Math.max(0, count));
  if ([...window.before, ...behind].every((count) => count === 0)) return x;
  return ops.op('Pad', [x, ops.ints([0, 0, ...window.before, 0, 0, ...behind]), ops.real(LOWEST)]);
}

/** What stands at one place of all windows. */
function sliceAt(ops: Ops, padded: string, window: SpatialWindow, place: readonly number[]): string {
  const starts = place.map((at, axis) => offset(window, at, axis));
  const ends = starts.map((start, axis) => start + ((window.small[axis] ?? 1) - 1) * stride(window, axis) + 1);
  const axes = place.map((_, axis) => axis + 2);
  return ops.op('Slice', [padded, ops.ints(starts), ops.ints(ends), ops.ints(axes), ops.ints(window.strides)]);
}

/** Grids of what is so many elements behind a multiple of the strides, put together. */
function interleaved(
  ops: Ops,
  grids: ReadonlyMap<string, string>,
  window: SpatialWindow,
  most: readonly number[],
  channels: number,
): string {
  const sizes = window.small.map((size, axis) => size + (most[axis] ?? 0));
  const [some = ''] = grids.values();
  if (window.strides.every((one) => one === 1)) return some;
  const zeros = () => ops.op('Expand', [ops.real(0), ops.op('Shape', [some])]);
  let none: string | undefined;
  let parts = placesOf(window.strides).map((rest) => {
    const grid = grids.get(rest.join());
    if (grid !== undefined) return grid;
    none ??= zeros();
    return none;
  });
  // The last axis is put together first: parts of one group differ in its rest alone.
  for (let axis = sizes.length - 1; axis >= 0; axis--) {
    const count = stride(window, axis);
    const shape = sizes.map((size, at) => (at >= axis ? size * stride(window, at) : size));
    const groups = Array.from({ length: parts.length / count }, (_, at) => parts.slice(at * count, (at + 1) * count));
    parts = groups.map((group) => {
      const [only] = group;
      if (group.length === 1 && only !== undefined) return only;
      const apart = group.map((part) => ops.unsqueeze(part, [axis + 3]));
      return ops.reshape(ops.op('Concat', apart, { axis: axis + 3 }), [DYNAMIC, channels, ...shape]);
    });
  }
  return parts[0] ?? some;
}

/** Without the padding, and with zeros for what no window reaches. */
function cut(ops: Ops, whole: string, window: SpatialWindow, most: readonly number[]): string {
  const behind = window.large.map((size, axis) => {
    const covered = ((window.small[axis] ?? 0) + (most[axis] ?? 0)) * stride(window, axis);
    return size + (window.before[axis] ?? 0) - covered;
  });
  return ops.pad(whole, [0, 0, ...window.before.map((count) => -count)], [0, 0, ...behind]);
}
