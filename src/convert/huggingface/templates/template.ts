import { type GraphTensor, layerNormalization, linear, type Network } from '../../network/index.ts';
import type { PlannedOutput } from '../../onnx-source/index.ts';
import type { ModelConfig } from '../config.ts';
import type { ModelWeights } from '../weights.ts';

/** What a template builds with. Names are those of the weights, within a part of the model. */
export class TemplateContext {
  readonly net: Network;
  readonly config: ModelConfig;
  readonly weights: ModelWeights;

  constructor(net: Network, config: ModelConfig, weights: ModelWeights) {
    this.net = net;
    this.config = config;
    this.weights = weights;
  }

  weight(name: string, shape: readonly (number | undefined)[]): GraphTensor {
    return this.net.realWeight(this.weights.take(name, shape));
  }

  /** A dense layer of a weight [out, in], and a bias unless it has none. @param out absent for what the weight has */
  linear(name: string, x: GraphTensor, out?: number, hasBias = true): GraphTensor {
    const width = x.shape.at(-1);
    const weight = this.weight(`${name}.weight`, [out, typeof width === 'number' ? width : undefined]);
    const rows = weight.shape[0];
    const bias = hasBias ? this.weight(`${name}.bias`, [typeof rows === 'number' ? rows : undefined]) : undefined;
    return linear(this.net, x, weight, bias);
  }

  /** A normalisation of the last dimension. Models that were converted from TensorFlow have other names for its weights. */
  layerNorm(name: string, x: GraphTensor, epsilon: number): GraphTensor {
    const width = x.shape.at(-1);
    if (typeof width !== 'number') throw this.net.broken('normalises an unknown size');
    const old = this.weights.has(`${name}.gamma`) && !this.weights.has(`${name}.weight`);
    const [scale, offset] = old ? ['gamma', 'beta'] : ['weight', 'bias'];
    return layerNormalization(
      this.net,
      x,
      [width],
      { scale: this.weight(`${name}.${scale}`, [width]), offset: this.weight(`${name}.${offset}`, [width]) },
      epsilon,
    );
  }
}

/** What a model gives, by the names that transformers has. */
export type Build = (context: TemplateContext) => readonly PlannedOutput[];

/** A family of models, of one `model_type` of config.json. */
export interface ModelTemplate {
  /** How each class of `architectures` computes. */
  readonly architectures: Readonly<Record<string, Build>>;
  /** Names of tensors that do not matter: buffers that transformers makes by itself, and parts that the class does not use. */
  readonly otherTensors?: RegExp;
}
