import { type PadMode, pad as padded } from '../../../network/index.ts';
import { type Lowering, made, type OperationCall } from '../../graph/index.ts';

/** Sizes before and behind each axis. */
export function paddings(call: OperationCall, index: number): [number, number][] {
  const numbers = call.integers(index);
  return Array.from({ length: numbers.length / 2 }, (_, axis) => [numbers[2 * axis] ?? 0, numbers[2 * axis + 1] ?? 0]);
}

export const lowerPad: Lowering = (call) => {
  const { net } = call;
  const x = call.input(0);
  const sizes = paddings(call, 1);
  if (call.operands.length < 3 && x.type === 'float32')
    return made(padded(net, x.tensor, { kind: 'constant', value: 0 }, sizes));
  const shape = x.shape.map((size, axis) => {
    const [before, behind] = sizes[axis] ?? [0, 0];
    if (before === 0 && behind === 0) return size;
    return typeof size === 'number' ? size + before + behind : undefined;
  });
  const pads = [...sizes.map(([before]) => before), ...sizes.map(([, behind]) => behind)];
  const fill = call.operands.length < 3 ? [] : [call.tensor(2)];
  return made(net.op('Pad', [x.tensor, net.ints(pads), ...fill], { type: x.type, shape }));
};

const MODES: Readonly<Record<string, PadMode>> = { REFLECT: { kind: 'reflect' } };

export const mirrorPad: Lowering = (call) => {
  const name = call.text('mode', '');
  const mode = Object.hasOwn(MODES, name) ? MODES[name] : undefined;
  if (mode === undefined) throw call.refuse(`its mode is ${name.slice(0, 40)}`);
  return made(padded(call.net, call.tensor(0), mode, paddings(call, 1)));
};
