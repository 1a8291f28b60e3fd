import { isRecord, type KerasJson, kerasKey } from '../../../formats/keras/index.ts';
import type { Layer } from './layer.ts';

/** Keys of every layer that change nothing of what it computes: names, and how it is trained or was made. */
const IGNORED = [
  'name',
  'trainable',
  'batch_input_shape',
  'batch_shape',
  'input_shape',
  'input_dtype',
  'activity_regularizer',
  'autocast',
  'seed',
];
const TRAINING = /_(?:initializer|regularizer|constraint)$/;

/**
 * Checks what a layer computes in, and that each key of its configuration was read or changes nothing.
 * @throws AssayError `unsupported`, naming the key
 */
export function finishLayer(layer: Layer): void {
  const { config } = layer;
  checkType(layer, config.value('dtype'));
  config.ignore(...IGNORED, ...config.keys().filter((key) => TRAINING.test(key)));
  config.finish();
}

/** Layers compute in 32 bits: a policy with another type, or one of quantised numbers, gives other results. */
function checkType(layer: Layer, dtype: KerasJson | undefined): void {
  if (dtype === undefined || dtype === 'float32') return;
  const config = isRecord(dtype) ? kerasKey(dtype, 'config') : undefined;
  const className = isRecord(dtype) ? kerasKey(dtype, 'class_name') : undefined;
  const name = isRecord(config) ? kerasKey(config, 'name') : dtype;
  if ((className === 'DTypePolicy' || className === 'Policy') && name === 'float32') return;
  const shown = typeof name === 'string' ? name : JSON.stringify(dtype);
  throw layer.refuse(`computes in ${shown.slice(0, 80)}; models in float32 are converted`);
}
