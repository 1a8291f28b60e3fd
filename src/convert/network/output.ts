import type { OutputRole, PlannedOutput } from '../onnx-source/index.ts';
import type { Network } from './network.ts';
import type { GraphTensor } from './shape.ts';

/** Makes a tensor an output of the model, and describes it. */
export function planOutput(net: Network, name: string, x: GraphTensor, role: OutputRole): PlannedOutput {
  const result = x.type === 'int64' ? x : net.cast(x, 'float32');
  const shape = result.shape.map((size, axis) => size ?? `${name}_${axis}`);
  net.output(name, { ...result, shape });
  return { name, role, type: result.type === 'int64' ? 'int64' : 'float32', shape };
}
