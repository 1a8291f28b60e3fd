import { activate, dense, embed, type GraphTensor, type Network, prelu, softmax } from '../../network/index.ts';
import { KerasValue, type Layer, type LayerKind, trained } from '../model/index.ts';
import { activated } from './activations.ts';

/** The names of a kernel and, where a layer has one, of a bias. */
export function kernelAndBias(layer: Layer, ...kernels: readonly string[]) {
  return trained(...kernels, ...(layer.config.flag('use_bias', true) ? ['bias'] : []));
}

/** The bias of a layer with so many outputs; `undefined` for a layer without one. */
export function biasOf(net: Network, layer: Layer, outputs: number): GraphTensor | undefined {
  return layer.config.flag('use_bias', true) ? layer.weight(net, 'bias', [outputs]) : undefined;
}

const DENSE: LayerKind = {
  variables: (layer) => kernelAndBias(layer, 'kernel'),
  convert(net, layer, [given]) {
    const x = inputOf(layer, given).real(net);
    const units = layer.config.size('units');
    const kernel = layer.weight(net, 'kernel', [undefined, units]);
    const product = dense(net, x.plain(net), kernel, biasOf(net, layer, units));
    return activated(net, layer, KerasValue.of(product, x.mask));
  },
};

const EMBEDDING: LayerKind = {
  variables: () => trained('embeddings'),
  convert(net, layer, [given]) {
    const x = inputOf(layer, given);
    const { config } = layer;
    const [rows, width] = [config.size('input_dim'), config.size('output_dim')];
    // How long its input is, which Keras 2 wrote beside the shape of the input.
    config.ignore('input_length', 'weights');
    const indexes = net.cast(x.plain(net), 'int64');
    const result = embed(net, layer.weight(net, 'embeddings', [rows, width]), indexes);
    if (!config.flag('mask_zero', false)) return KerasValue.of(result);
    const isZero = net.compare('Equal', indexes, net.ints([0], []));
    return KerasValue.of(result, net.unary('Not', isZero));
  },
};

const ACTIVATION: LayerKind = { convert: (net, layer, [x]) => activated(net, layer, inputOf(layer, x).real(net)) };

const RELU: LayerKind = {
  convert(net, layer, [given]) {
    const x = inputOf(layer, given).real(net);
    const { config } = layer;
    const highest = config.value('max_value') === undefined ? undefined : config.real('max_value');
    const slope = config.real('negative_slope', 0);
    const threshold = config.real('threshold', 0);
    if (threshold !== 0) {
      if (slope !== 0) throw layer.refuse('has a threshold and a slope');
      const kept = x.map(net, (one) => activate(net, one, { kind: 'threshold', bound: threshold, value: 0 }));
      return highest === undefined ? kept : kept.map(net, (one) => net.binary('Min', one, net.real(highest)));
    }
    const above = x.map(net, (one) =>
      activate(net, one, slope === 0 ? { kind: 'relu' } : { kind: 'leaky-relu', slope }),
    );
    return highest === undefined ? above : above.map(net, (one) => net.binary('Min', one, net.real(highest)));
  },
};

const LEAKY_RELU: LayerKind = {
  convert(net, layer, [given]) {
    const { config } = layer;
    // Keras 2 calls it alpha.
    const slope = config.value('alpha') === undefined ? config.real('negative_slope', 0.3) : config.real('alpha');
    return inputOf(layer, given)
      .real(net)
      .map(net, (one) => activate(net, one, { kind: 'leaky-relu', slope }));
  },
};

const ELU: LayerKind = {
  convert(net, layer, [given]) {
    const alpha = layer.config.real('alpha', 1);
    return inputOf(layer, given)
      .real(net)
      .map(net, (one) => activate(net, one, { kind: 'elu', alpha }));
  },
};

const THRESHOLDED_RELU: LayerKind = {
  convert(net, layer, [given]) {
    const bound = layer.config.real('theta', 1);
    return inputOf(layer, given)
      .real(net)
      .map(net, (one) => activate(net, one, { kind: 'threshold', bound, value: 0 }));
  },
};

const PRELU: LayerKind = {
  variables: () => trained('alpha'),
  convert(net, layer, [given]) {
    const x = inputOf(layer, given).real(net);
    const shared = layer.config.value('shared_axes') === undefined ? [] : layer.config.wholeList('shared_axes');
    const axes = shared.map((axis) => (axis < 0 ? axis + x.shape.length : axis));
    const shape = x.shape
      .slice(1)
      .map((size, i) => (axes.includes(i + 1) ? 1 : typeof size === 'number' ? size : undefined));
    return KerasValue.of(prelu(net, x.plain(net), layer.weight(net, 'alpha', shape)), x.mask);
  },
};

const SOFTMAX: LayerKind = {
  mask: 'refused',
  convert(net, layer, [given]) {
    const [axis = -1, ...others] = layer.config.value('axis') === undefined ? [-1] : layer.config.wholeList('axis');
    if (others.length > 0) throw layer.refuse('is over several dimensions');
    return KerasValue.of(softmax(net, inputOf(layer, given).real(net).plain(net), axis));
  },
};

/** Layers that do nothing but in training. Their settings say what they do there. */
const ONLY_IN_TRAINING: LayerKind = {
  convert(_net, layer, [x]) {
    layer.config.ignore(...layer.config.keys().filter((key) => key !== 'dtype'));
    return inputOf(layer, x);
  },
};

/** The operation that makes a mask of words: where they are not the word 0. */
const NOT_EQUAL: LayerKind = {
  convert(net, layer, [given], call) {
    const x = inputOf(layer, given).plain(net);
    const other = call.config.whole('argument 1');
    if (x.type !== 'int64') throw layer.refuse('compares numbers that are not whole');
    return KerasValue.of(net.unary('Not', net.compare('Equal', x, net.ints([other], []))));
  },
};

/** The one input of a layer. */
export function inputOf(layer: Layer, x: KerasValue | undefined): KerasValue {
  if (x === undefined) throw layer.broken('has no input');
  return x;
}

export const DENSE_LAYERS: Readonly<Record<string, LayerKind>> = {
  Dense: DENSE,
  Embedding: EMBEDDING,
  Activation: ACTIVATION,
  ReLU: RELU,
  LeakyReLU: LEAKY_RELU,
  ELU,
  ThresholdedReLU: THRESHOLDED_RELU,
  PReLU: PRELU,
  Softmax: SOFTMAX,
  NotEqual: NOT_EQUAL,
  Dropout: ONLY_IN_TRAINING,
  SpatialDropout1D: ONLY_IN_TRAINING,
  SpatialDropout2D: ONLY_IN_TRAINING,
  SpatialDropout3D: ONLY_IN_TRAINING,
  AlphaDropout: ONLY_IN_TRAINING,
  GaussianDropout: ONLY_IN_TRAINING,
  GaussianNoise: ONLY_IN_TRAINING,
  ActivityRegularization: ONLY_IN_TRAINING,
  Identity: ONLY_IN_TRAINING,
  RandomFlip: ONLY_IN_TRAINING,
  RandomRotation: ONLY_IN_TRAINING,
  RandomTranslation: ONLY_IN_TRAINING,
  RandomZoom: ONLY_IN_TRAINING,
  RandomContrast: ONLY_IN_TRAINING,
  RandomBrightness: ONLY_IN_TRAINING,
};
