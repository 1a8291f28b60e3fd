import {
  type GraphTensor,
  groupNormalization,
  layerNormalization,
  type Network,
  reshape,
  rmsNormalization,
} from '../../network/index.ts';
import { KerasValue, type Layer, type LayerKind, type LayerVariable, trained } from '../model/index.ts';
import { inputOf } from './dense.ts';

/** A scale and an offset, where a layer has them. */
function affineVariables(layer: Layer): LayerVariable[] {
  const names = [
    ...(layer.config.flag('scale', true) ? ['gamma'] : []),
    ...(layer.config.flag('center', true) ? ['beta'] : []),
  ];
  return trained(...names);
}

function affineOf(net: Network, layer: Layer, shape: readonly number[]) {
  const scale = layer.config.flag('scale', true) ? layer.weight(net, 'gamma', shape) : undefined;
  const offset = layer.config.flag('center', true) ? layer.weight(net, 'beta', shape) : undefined;
  return { scale, offset };
}

/** A dimension, counted from the start. */
function axisFrom(layer: Layer, axis: number, rank: number): number {
  const from = axis < 0 ? axis + rank : axis;
  if (from < 0 || from >= rank) throw layer.broken(`has the axis ${axis} of an input of ${rank} dimensions`);
  return from;
}

function sizeOf(layer: Layer, x: KerasValue, axis: number): number {
  const size = x.shape[axis];
  if (typeof size !== 'number') throw layer.refuse(`is along the dimension ${axis}, whose size is not known`);
  return size;
}

/** Numbers along one dimension, so that they are combined element by element. */
function along(net: Network, numbers: GraphTensor, axis: number, rank: number): GraphTensor {
  const behind = rank - axis - 1;
  return behind === 0 ? numbers : reshape(net, numbers, [...numbers.shape, ...Array.from({ length: behind }, () => 1)]);
}

const BATCH: LayerKind = {
  variables(layer) {
    const affine = affineVariables(layer);
    const statistics = ['moving_mean', 'moving_variance'].map(
      (name, i): LayerVariable => ({ name, group: '', index: affine.length + i, frozen: true }),
    );
    return [...affine, ...statistics];
  },
  convert(net, layer, [given]) {
    const x = inputOf(layer, given).real(net);
    const { config } = layer;
    if (config.flag('renorm', false)) throw layer.refuse('is renormalised');
    // How they are trained.
    config.ignore('momentum', 'synchronized', 'fused', 'renorm_clipping', 'renorm_momentum', 'virtual_batch_size');
    if (config.value('virtual_batch_size') !== undefined) throw layer.refuse('has virtual batches');
    const rank = x.shape.length;
    const [given1 = -1, ...others] = config.value('axis') === undefined ? [-1] : config.wholeList('axis');
    if (others.length > 0) throw layer.refuse('is along several dimensions');
    const axis = axisFrom(layer, given1, rank);
    const shape = [sizeOf(layer, x, axis)];
    const { scale, offset } = affineOf(net, layer, shape);
    const center = layer.weight(net, 'moving_mean', shape);
    const deviation = net.unary(
      'Sqrt',
      net.add(layer.weight(net, 'moving_variance', shape), config.real('epsilon', 1e-3)),
    );
    const factor = scale === undefined ? net.div(net.real(1), deviation) : net.div(scale, deviation);
    const apply = (one: GraphTensor, at: number): GraphTensor => {
      const scaled = net.mul(net.sub(one, along(net, center, at, rank)), along(net, factor, at, rank));
      return offset === undefined ? scaled : net.add(scaled, along(net, offset, at, rank));
    };
    if (x.isMoved && axis === rank - 1) return KerasValue.ofMoved(apply(x.moved(net), 1), x.mask);
    return KerasValue.of(apply(x.plain(net), axis), x.mask);
  },
};

const LAYER: LayerKind = {
  variables: affineVariables,
  convert(net, layer, [given]) {
    const x = inputOf(layer, given).real(net);
    const { config } = layer;
    if (config.flag('rms_scaling', false)) throw layer.refuse('has rms_scaling');
    const shape = lastSizes(layer, x);
    const affine = affineOf(net, layer, shape);
    return KerasValue.of(layerNormalization(net, x.plain(net), shape, affine, config.real('epsilon', 1e-3)), x.mask);
  },
};

/** The sizes of the dimensions that a layer is over, which have to be the last ones. */
function lastSizes(layer: Layer, x: KerasValue): number[] {
  const rank = x.shape.length;
  const given = layer.config.value('axis') === undefined ? [-1] : layer.config.wholeList('axis');
  const axes = given.map((axis) => axisFrom(layer, axis, rank));
  if (axes.some((axis, i) => axis !== rank - axes.length + i) || axes.includes(0))
    throw layer.refuse(`is over the dimensions ${axes.join(', ')}, which are not the last ones in order`);
  return axes.map((axis) => sizeOf(layer, x, axis));
}

const RMS: LayerKind = {
  variables: () => trained('scale'),
  convert(net, layer, [given]) {
    const x = inputOf(layer, given).real(net);
    const shape = lastSizes(layer, x);
    if (shape.length !== 1) throw layer.refuse('is over several dimensions');
    const scale = layer.weight(net, 'scale', shape);
    return KerasValue.of(rmsNormalization(net, x.plain(net), scale, layer.config.real('epsilon', 1e-6)), x.mask);
  },
};

const GROUP: LayerKind = {
  variables: affineVariables,
  convert(net, layer, [given]) {
    const x = inputOf(layer, given).real(net);
    const rank = x.shape.length;
    const axis = axisFrom(layer, layer.config.whole('axis', -1), rank);
    const channels = sizeOf(layer, x, axis);
    const groups = layer.config.whole('groups', 32);
    // -1 stands for a group for each channel.
    const count = groups === -1 ? channels : groups;
    const affine = affineOf(net, layer, [channels]);
    const normal = (one: GraphTensor) =>
      groupNormalization(net, one, count, affine, layer.config.real('epsilon', 1e-3));
    if (rank > 2 && axis === rank - 1) return KerasValue.ofMoved(normal(x.moved(net)), x.mask);
    if (axis !== 1) throw layer.refuse(`is along the dimension ${axis}`);
    return KerasValue.of(normal(x.plain(net)), x.mask);
  },
};

const UNIT: LayerKind = {
  convert(net, layer, [given]) {
    const x = inputOf(layer, given).real(net);
    const rank = x.shape.length;
    const axes = (layer.config.value('axis') === undefined ? [-1] : layer.config.wholeList('axis')).map((axis) =>
      axisFrom(layer, axis, rank),
    );
    return KerasValue.of(unit(net, layer, x.plain(net), axes), x.mask);
  },
};

/** Divides by the root of the sum of the squares of some dimensions. */
export function unit(net: Network, layer: Layer, x: GraphTensor, axes: readonly number[]): GraphTensor {
  const shape = x.shape.map((size, i) => (axes.includes(i) ? 1 : size));
  const squares = net.op('ReduceSum', [net.mul(x, x), net.ints(axes)], { type: x.type, shape }, { keepdims: 1 });
  // What keeps it from dividing by 0.
  const least = layer.context.keras === 2 ? 1e-12 : 1e-24;
  return net.div(x, net.unary('Sqrt', net.binary('Max', squares, net.real(least))));
}

/** Statistics of the training data, which are in the configuration or in the weights. */
const STATISTICS: LayerKind = {
  variables(layer) {
    if (layer.config.value('mean') !== undefined) return [];
    return ['mean', 'variance', 'count'].map(
      (name, index): LayerVariable => ({ name, group: '', index, frozen: true }),
    );
  },
  convert(net, layer, [given]) {
    const x = inputOf(layer, given).real(net);
    const { config } = layer;
    const rank = x.shape.length;
    const axes = (config.value('axis') === undefined ? [] : config.wholeList('axis')).map((axis) =>
      axisFrom(layer, axis, rank),
    );
    if (axes.some((axis, i) => axis === 0 || (i > 0 && axis <= (axes[i - 1] ?? 0))))
      throw layer.refuse(`is along the dimensions ${axes.join(', ')}`);
    const sizes = axes.map((axis) => sizeOf(layer, x, axis));
    const broadcast = x.shape.map((_, axis) => (axes.includes(axis) ? sizeOf(layer, x, axis) : 1));
    const count = sizes.reduce((product, size) => product * size, 1);
    const numbers = (name: string): GraphTensor => {
      if (config.value('mean') === undefined) return reshape(net, layer.weight(net, name, sizes), broadcast);
      const list = config.reals(name);
      if (list.length !== 1 && list.length !== count)
        throw layer.broken(`has ${list.length} numbers of ${name}, not ${count}`);
      return net.reals(list, list.length === 1 ? broadcast.map(() => 1) : broadcast);
    };
    const [center, variance] = [numbers('mean'), numbers('variance')];
    const deviation = net.binary('Max', net.unary('Sqrt', variance), net.real(1e-7));
    const one = x.plain(net);
    const result = config.flag('invert', false)
      ? net.add(net.mul(one, deviation), center)
      : net.div(net.sub(one, center), deviation);
    return KerasValue.of(result, x.mask);
  },
};

const RESCALING: LayerKind = {
  convert(net, layer, [given]) {
    const x = inputOf(layer, given).real(net);
    const [scale, offset] = [
      layer.config.reals('scale'),
      layer.config.value('offset') === undefined ? [0] : layer.config.reals('offset'),
    ];
    const one = x.plain(net);
    const numbers = (list: readonly number[]) => (list.length === 1 ? net.real(list[0] ?? 0) : net.reals(list));
    return KerasValue.of(net.add(net.mul(one, numbers(scale)), numbers(offset)), x.mask);
  },
};

export const KERAS_NORMALIZATIONS: Readonly<Record<string, LayerKind>> = {
  BatchNormalization: BATCH,
  LayerNormalization: LAYER,
  RMSNormalization: RMS,
  GroupNormalization: GROUP,
  UnitNormalization: UNIT,
  Normalization: STATISTICS,
  Rescaling: RESCALING,
};
