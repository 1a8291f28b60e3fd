import type { GraphTensor, Network } from '../../network/index.ts';
import { KerasValue, type Layer } from '../model/index.ts';

/** The input of a layer over space with its channels second, and what makes a result of it one of Keras. */
export interface Space {
  readonly x: GraphTensor;
  back(result: GraphTensor): KerasValue;
  /** Whether channels are last in Keras. */
  readonly last: boolean;
}

/** @param rank dimensions of space */
export function spaceOf(net: Network, layer: Layer, x: KerasValue, rank: number): Space {
  const format = layer.config.oneOf('data_format', ['channels_last', 'channels_first'], 'channels_last');
  if (x.shape.length !== rank + 2) throw layer.broken(`has an input of ${x.shape.length} dimensions, not ${rank + 2}`);
  if (format === 'channels_first') return { x: x.plain(net), back: (result) => KerasValue.of(result), last: false };
  return { x: x.moved(net), back: (result) => KerasValue.ofMoved(result), last: true };
}
