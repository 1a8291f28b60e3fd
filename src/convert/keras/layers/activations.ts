import { isRecord, kerasObject } from '../../../formats/keras/index.ts';
import {
  type Activation,
  activate,
  type GraphTensor,
  gatedLinear,
  logSoftmax,
  type Network,
  softmax,
} from '../../network/index.ts';
import { finishLayer, KerasValue, type Layer, NO_SETTINGS } from '../model/index.ts';

/** The functions of one element that are the same in Keras 2 and 3. */
const PLAIN: Readonly<Record<string, Activation>> = {
  linear: { kind: 'identity' },
  relu: { kind: 'relu' },
  relu6: { kind: 'relu6' },
  elu: { kind: 'elu', alpha: 1 },
  selu: { kind: 'selu' },
  celu: { kind: 'celu', alpha: 1 },
  gelu: { kind: 'gelu' },
  silu: { kind: 'silu' },
  swish: { kind: 'silu' },
  mish: { kind: 'mish' },
  hard_silu: { kind: 'hard-swish' },
  hard_swish: { kind: 'hard-swish' },
  tanh: { kind: 'tanh' },
  hard_tanh: { kind: 'clip', low: -1, high: 1 },
  tanh_shrink: { kind: 'tanh-shrink' },
  hard_shrink: { kind: 'hard-shrink', bound: 0.5 },
  soft_shrink: { kind: 'soft-shrink', bound: 0.5 },
  sigmoid: { kind: 'sigmoid' },
  log_sigmoid: { kind: 'log-sigmoid' },
  softplus: { kind: 'softplus', beta: 1 },
  softsign: { kind: 'softsign' },
  exponential: { kind: 'exponential' },
  leaky_relu: { kind: 'leaky-relu', slope: 0.2 },
};

/** Functions of a whole dimension: the last one. */
const OVER_CHANNELS: Readonly<Record<string, (net: Network, x: GraphTensor, axis: number) => GraphTensor>> = {
  softmax,
  log_softmax: logSoftmax,
  glu: gatedLinear,
};

/** A function of one element by its name; `undefined` for one that is not Keras' own. */
export function activationNamed(name: string, keras: 2 | 3): Activation | undefined {
  if (name === 'hard_sigmoid')
    return keras === 2
      ? { kind: 'hard-sigmoid', slope: 0.2, offset: 0.5 }
      : { kind: 'hard-sigmoid', slope: 1 / 6, offset: 0.5 };
  return Object.hasOwn(PLAIN, name) ? PLAIN[name] : undefined;
}

/** Applies the activation that a layer names. */
export function activated(net: Network, layer: Layer, x: KerasValue, key = 'activation'): KerasValue {
  const given = layer.config.value(key);
  if (given === undefined) return x;
  // A layer, such as one with a slope of its own, may stand where the name of a function does.
  if (isRecord(given)) {
    const inner = layer.within(kerasObject(given, `${layer.config.title} ${key}`, layer.context.subject));
    if (inner.variables.length > 0) throw layer.refuse(`has an activation with weights, ${inner.className}`);
    const [result, ...others] = [inner.kind.convert(net, inner, [x], NO_SETTINGS)].flat();
    if (result === undefined || others.length > 0) throw layer.refuse('has an activation with several results');
    finishLayer(inner);
    return result;
  }
  const name = layer.config.text(key);
  const plain = activationNamed(name, layer.context.keras);
  if (plain !== undefined) return x.map(net, (one) => activate(net, one, plain));
  const over = Object.hasOwn(OVER_CHANNELS, name) ? OVER_CHANNELS[name] : undefined;
  if (over !== undefined) return KerasValue.of(over(net, x.plain(net), -1), x.mask);
  throw layer.refuse(
    `has the activation ${JSON.stringify(name.slice(0, 80))}, which is not converted: a function of your own has code that is not in the file`,
  );
}
