import { isList } from '../../../formats/keras/index.ts';
import {
  flatten,
  type GraphSize,
  type GraphTensor,
  type Network,
  type Padding,
  pad,
  reshape,
  resize,
  slice,
  transpose,
} from '../../network/index.ts';
import { KerasValue, type Layer, type LayerKind } from '../model/index.ts';
import { inputOf } from './dense.ts';
import { spaceOf } from './space.ts';

const FLATTEN: LayerKind = {
  mask: 'dropped',
  convert(net, layer, [given]) {
    const x = inputOf(layer, given);
    const format = layer.config.oneOf('data_format', ['channels_last', 'channels_first'], 'channels_last');
    if (x.shape.length < 2) return KerasValue.of(reshape(net, x.plain(net), [...x.shape, 1]));
    const isMoved = format === 'channels_first' && x.shape.length > 2;
    // Keras moves the channels behind space first.
    const order = [0, ...Array.from({ length: x.shape.length - 2 }, (_, i) => i + 2), 1];
    const plain = isMoved ? transpose(net, x.plain(net), order) : x.plain(net);
    return KerasValue.of(plain.shape.length === 2 ? plain : flatten(net, plain, 1));
  },
};

const RESHAPE: LayerKind = {
  mask: 'dropped',
  convert(net, layer, [given]) {
    const x = inputOf(layer, given);
    const target = layer.config.wholeList('target_shape', -1);
    if (target.includes(0) || target.filter((size) => size === -1).length > 1)
      throw layer.broken(`has the target_shape (${target.join(', ')})`);
    const [batch, ...others] = x.shape;
    const sizes = target.map((size): GraphSize => (size === -1 ? rest(layer, others, target) : size));
    return KerasValue.of(reshape(net, x.plain(net), [batch, ...sizes]));
  },
};

/** What -1 stands for; `undefined` where it is known only when the model runs. */
function rest(layer: Layer, from: readonly GraphSize[], target: readonly number[]): number | undefined {
  let total = 1;
  for (const size of from) {
    if (typeof size !== 'number') return undefined;
    total *= size;
  }
  const used = target.reduce((product, size) => (size === -1 ? product : product * size), 1);
  if (total % used !== 0) throw layer.broken(`makes (${target.join(', ')}) of ${total} elements`);
  return total / used;
}

const PERMUTE: LayerKind = {
  mask: 'dropped',
  convert(net, layer, [given]) {
    return KerasValue.of(transpose(net, inputOf(layer, given).plain(net), [0, ...layer.config.wholeList('dims', 1)]));
  },
};

const REPEAT: LayerKind = {
  mask: 'dropped',
  convert(net, layer, [given]) {
    const x = inputOf(layer, given).plain(net);
    const count = layer.config.size('n');
    net.expect(x, [undefined, undefined]);
    const one = net.op('Unsqueeze', [x, net.ints([1])], { type: x.type, shape: [x.shape[0], 1, x.shape[1]] });
    return KerasValue.of(
      net.op('Expand', [one, net.ints([1, count, 1])], { type: x.type, shape: [x.shape[0], count, x.shape[1]] }),
    );
  },
};

/** Pairs of numbers for each dimension of space: one for all, one for each, or two for each. */
function pairs(layer: Layer, key: string, rank: number): Padding {
  const { config } = layer;
  const value = config.value(key);
  if (!isList(value) || !value.some(isList)) {
    // Of one dimension, two numbers are both sides of it.
    if (rank === 1 && isList(value) && value.length === 2) {
      const [before = 0, behind = 0] = config.wholes(key, 2, 0);
      return [[before, behind]];
    }
    return config.wholes(key, rank, 0, [1]).map((one): [number, number] => [one, one]);
  }
  if (value.length !== rank) throw layer.broken(`has a ${key} that is not one of ${rank} dimensions`);
  return value.map((pair): [number, number] => {
    const [before, behind, ...others] = isList(pair) ? pair : [pair, pair];
    if (!isWhole(before) || !isWhole(behind) || others.length > 0)
      throw layer.broken(`has a ${key} that is not two whole numbers`);
    return [before, behind];
  });
}

function isWhole(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value < 2 ** 31;
}

function zeroPadding(rank: number): LayerKind {
  return {
    mask: 'dropped',
    convert(net, layer, [given]) {
      const space = spaceOf(net, layer, inputOf(layer, given).real(net), rank);
      const all: Padding = [[0, 0], [0, 0], ...pairs(layer, 'padding', rank)];
      return space.back(pad(net, space.x, { kind: 'constant', value: 0 }, all));
    },
  };
}

function cropping(rank: number): LayerKind {
  return {
    mask: 'dropped',
    convert(net, layer, [given]) {
      const space = spaceOf(net, layer, inputOf(layer, given), rank);
      const cut = pairs(layer, 'cropping', rank);
      return space.back(cut.reduce((x, both, i) => cropped(net, layer, x, i + 2, both), space.x));
    },
  };
}

function cropped(
  net: Network,
  layer: Layer,
  x: GraphTensor,
  axis: number,
  [before, behind]: Padding[number],
): GraphTensor {
  const size = x.shape[axis];
  if (typeof size === 'number' && before + behind >= size)
    throw layer.broken(`cuts ${before} and ${behind} of ${size}`);
  return slice(net, x, axis, before, behind === 0 ? undefined : typeof size === 'number' ? size - behind : -behind);
}

function upSampling(rank: number): LayerKind {
  return {
    mask: 'dropped',
    convert(net, layer, [given]) {
      const space = spaceOf(net, layer, inputOf(layer, given).real(net), rank);
      const factors = layer.config.sizes(
        'size',
        rank,
        Array.from({ length: rank }, () => 2),
      );
      const interpolation =
        rank === 2 ? layer.config.oneOf('interpolation', ['nearest', 'bilinear'], 'nearest') : 'nearest';
      const how =
        interpolation === 'nearest'
          ? ({ mode: 'nearest', coordinates: 'asymmetric', rounding: 'floor' } as const)
          : ({ mode: 'linear', coordinates: 'half_pixel' } as const);
      return space.back(resize(net, space.x, { factors }, how));
    },
  };
}

export const KERAS_SHAPES: Readonly<Record<string, LayerKind>> = {
  Flatten: FLATTEN,
  Reshape: RESHAPE,
  Permute: PERMUTE,
  RepeatVector: REPEAT,
  ZeroPadding1D: zeroPadding(1),
  ZeroPadding2D: zeroPadding(2),
  ZeroPadding3D: zeroPadding(3),
  Cropping1D: cropping(1),
  Cropping2D: cropping(2),
  Cropping3D: cropping(3),
  UpSampling1D: upSampling(1),
  UpSampling2D: upSampling(2),
  UpSampling3D: upSampling(3),
};
