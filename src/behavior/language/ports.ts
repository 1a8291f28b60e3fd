import { AssayError, isAssayError } from '../../core/index.ts';
import type { OnnxModel, Runner } from '../../formats/onnx/index.ts';
import { decoderOf } from './decoder.ts';

/** What a model takes and gives, before it is loaded. */
export function portsOf({ graph }: OnnxModel): Pick<Runner, 'inputs' | 'outputs' | 'run'> {
  const given = new Set(graph.initializers.map(({ name }) => name));
  const run = (): never => {
    throw new AssayError('internal', 'the model is not loaded');
  };
  return { inputs: graph.inputs.filter(({ name }) => !given.has(name)), outputs: graph.outputs, run };
}

/** Whether a model has the inputs and outputs of a decoder. */
export function isDecoder(model: OnnxModel): boolean {
  try {
    decoderOf(portsOf(model));
    return true;
  } catch (error) {
    if (isAssayError(error) && error.code === 'unsupported') return false;
    throw error;
  }
}
