import { concat, type GraphTensor, type Network, slice, unsqueeze } from '../../network/index.ts';
import type { ModelConfig } from '../config.ts';

/** The angle of a place for each pair of features of a head (transformers/modeling_rope_utils.py). */
export function frequencies(config: ModelConfig, size: number): Float64Array {
  const given = config.object('rope_parameters');
  const scaling = given ?? config.object('rope_scaling');
  const theta = given?.has('rope_theta') === true ? given.number('rope_theta') : config.number('rope_theta', 10_000);
  if (theta <= 0) throw config.refuse(`its rope_theta is ${theta}`);
  // As PyTorch computes them, with 32 bits.
  const plain = Float64Array.from(
    { length: size / 2 },
    (_, i) => 1 / Math.fround(theta ** Math.fround((2 * i) / size)),
  );
  const result = scaling === undefined ? plain : scaled(plain, scaling);
  scaling?.refuseOthers();
  return result.map(Math.fround);
}

function scaled(plain: Float64Array, scaling: ModelConfig): Float64Array {
  const kind = scaling.has('rope_type') ? scaling.text('rope_type') : scaling.text('type', 'default');
  scaling.ignore('type', 'rope_type');
  switch (kind) {
    case 'default':
      return plain;
    case 'linear': {
      const factor = scaling.number('factor');
      return plain.map((frequency) => frequency / factor);
    }
    case 'llama3':
      return byWavelength(plain, scaling);
    default:
      throw scaling.refuse(`its positions are scaled by ${JSON.stringify(kind).slice(0, 40)} (rope_scaling)`);
  }
}

/** Long waves are slowed down, short ones stay, and those between are mixed. */
function byWavelength(plain: Float64Array, scaling: ModelConfig): Float64Array {
  const factor = scaling.number('factor');
  const [low, high] = [scaling.number('low_freq_factor'), scaling.number('high_freq_factor')];
  const before = scaling.number('original_max_position_embeddings');
  return plain.map((frequency) => {
    const wave = (2 * Math.PI) / frequency;
    if (wave < before / high) return frequency;
    if (wave > before / low) return frequency / factor;
    const share = (before / wave - low) / (high - low);
    return ((1 - share) * frequency) / factor + share * frequency;
  });
}

/** Cosines and sines of the angles of places: [batch, 1, length, size], each. */
export interface Rotation {
  readonly cos: GraphTensor;
  readonly sin: GraphTensor;
}

export function rotation(net: Network, positions: GraphTensor, angles: Float64Array): Rotation {
  const at = unsqueeze(net, net.cast(positions, 'float32'), 2);
  const half = net.mul(at, net.reals(angles));
  const both = unsqueeze(net, concat(net, [half, half], 2), 1);
  return { cos: net.unary('Cos', both), sin: net.unary('Sin', both) };
}

/** Queries or keys, turned by their places. @param x [batch, heads, length, size] */
export function rotated(net: Network, x: GraphTensor, { cos, sin }: Rotation): GraphTensor {
  const size = x.shape[3];
  if (typeof size !== 'number') throw net.broken('turns heads of an unknown size');
  const [first, second] = [slice(net, x, 3, 0, size / 2), slice(net, x, 3, size / 2, size)];
  const turned = concat(net, [net.unary('Neg', second), first], 3);
  return net.add(net.mul(x, cos), net.mul(turned, sin));
}
