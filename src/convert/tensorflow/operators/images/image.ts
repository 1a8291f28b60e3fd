import type { GraphTensor, Padding, Window } from '../../../network/index.ts';
import { Datum, made, type OperationCall } from '../../graph/index.ts';

/** Images with their channels second, whatever the operation says. */
export function imageOf(call: OperationCall, x: Datum): GraphTensor {
  if (x.shape.length !== 4) throw call.broken(`is given ${x.shape.length} dimensions instead of images`);
  return isSecond(call) ? x.tensor : x.channelsSecond(call.net);
}

export function imageResult(call: OperationCall, result: GraphTensor): Datum {
  return isSecond(call) ? made(result) : Datum.second(call.net, result);
}

export function isSecond(call: OperationCall): boolean {
  const format = call.text('data_format', 'NHWC');
  if (format !== 'NHWC' && format !== 'NCHW') throw call.refuse(`its data format is ${format.slice(0, 40)}`);
  return format === 'NCHW';
}

/** The two numbers of a list over all dimensions that are for the sides of images. */
export function sides(call: OperationCall, name: string): [number, number] {
  const list = call.counts(name);
  if (list.length === 0) return [1, 1];
  const [first, second, channels] = isSecond(call) ? [list[2], list[3], list[1]] : [list[1], list[2], list[3]];
  if (list.length !== 4 || list[0] !== 1 || channels !== 1 || first === undefined || second === undefined)
    throw call.refuse(`its ${name} are ${list.join(', ')}`);
  return [first, second];
}

/** SAME rounds sizes up, with the odd element behind. */
export function imagePads(call: OperationCall): Window['pads'] {
  const padding = call.text('padding', '');
  if (padding === 'SAME') return 'same-upper';
  if (padding === 'VALID') return NONE;
  if (padding !== 'EXPLICIT') throw call.refuse(`its padding is ${padding.slice(0, 40)}`);
  const list = call.counts('explicit_paddings');
  const at = isSecond(call) ? 4 : 2;
  const [a = 0, b = 0, c = 0, d = 0] = list.slice(at, at + 4);
  if (list.length !== 8 || list.some((one) => one < 0) || list.reduce((sum, one) => sum + one, 0) !== a + b + c + d)
    throw call.refuse(`its paddings are ${list.join(', ')}`);
  return [
    [a, b],
    [c, d],
  ];
}

const NONE: Padding = [
  [0, 0],
  [0, 0],
];
