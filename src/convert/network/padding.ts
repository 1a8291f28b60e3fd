import { axisOf, concat, slice } from './layout.ts';
import type { Network } from './network.ts';
import { type GraphTensor, shownShape } from './shape.ts';
import { type Padding, padList } from './window.ts';

/** What stands beyond the edges of a tensor. */
export type PadMode =
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'reflect' | 'edge' | 'wrap' };

/** Adds elements before and behind each dimension; a negative number takes some away. */
export function pad(net: Network, x: GraphTensor, mode: PadMode, pads: Padding): GraphTensor {
  if (pads.length !== x.shape.length || !pads.flat().every((one) => Number.isSafeInteger(one)))
    throw net.broken(`the padding is not one for each dimension of ${shownShape(x.shape)}`);
  if (pads.flat().every((one) => one === 0)) return x;
  const shape = x.shape.map((size, axis) => {
    const [before = 0, behind = 0] = pads[axis] ?? [];
    if (before === 0 && behind === 0) return size;
    if (typeof size !== 'number') return undefined;
    const most =
      mode.kind === 'constant' || mode.kind === 'edge'
        ? Number.MAX_SAFE_INTEGER
        : mode.kind === 'wrap'
          ? size
          : size - 1;
    const padded = size + before + behind;
    if (padded < 1 || before > most || behind > most)
      throw net.broken(`the padding ${before}, ${behind} does not fit a size of ${size}`);
    return padded;
  });
  if (mode.kind === 'wrap') return pads.reduce<GraphTensor>((y, both, axis) => wrap(net, y, both, axis), x);
  const given = [x, net.ints(padList(pads)), ...(mode.kind === 'constant' ? [net.real(mode.value)] : [])];
  return net.op('Pad', given, { type: x.type, shape }, { mode: mode.kind });
}

function wrap(net: Network, x: GraphTensor, [before, behind]: Padding[number], axis: number): GraphTensor {
  if (before < 0 || behind < 0) throw net.refuse('a circular padding that is negative');
  const at = axisOf(net, x, axis);
  const first = before === 0 ? [] : [slice(net, x, at, -before)];
  const last = behind === 0 ? [] : [slice(net, x, at, 0, behind)];
  return concat(net, [...first, x, ...last], at);
}
