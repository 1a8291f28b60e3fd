import type { Interest } from './interest.ts';

/** Keys whose value a loader imports and calls, wherever they stand. */
export const TARGET_KEYS: ReadonlySet<string> = new Set([
  '_target_', // Hydra, NeMo, detectron2
  '_component_', // torchtune
  'class_path', // Lightning, jsonargparse
  'py/function', // jsonpickle
  'py/reduce',
  'py/type',
  'py/object',
  '()', // logging.config.dictConfig
]);

/** Keys that name code for some loaders only: their value decides. */
export const MAYBE_TARGET_KEYS: ReadonlySet<string> = new Set([
  'target', // latent diffusion, older NeMo
  'type', // mmengine, AllenNLP
  'class', // logging.config, many others
  'cls',
  'func',
  'function',
  'callable',
  'factory',
  'loader_module', // MLflow
  '_class_',
  '__target__',
  'object_type',
]);

/** Keys beside `target` that hold what it is called with. */
export const ARGUMENT_KEYS: ReadonlySet<string> = new Set([
  'params',
  'init_args',
  'args',
  'kwargs',
  '_args_',
  '_kwargs_',
]);

/** Keys of an instruction whose other part may be in another file. */
export const INSTRUCTION_KEYS: ReadonlyMap<string, Interest> = new Map([
  ['_partial_', 'format.instantiation.scan'],
  ['_args_', 'format.instantiation.scan'],
  ['_recursive_', 'format.instantiation.scan'],
  ['_convert_', 'format.instantiation.scan'],
  ['init_args', 'format.instantiation.scan'],
  ['dict_kwargs', 'format.instantiation.scan'],
  ['env_set', 'format.instantiation.scan'],
  ['auto_map', 'format.hub-config.scan'],
  ['custom_pipeline', 'format.hub-config.scan'],
  ['custom_pipelines', 'format.hub-config.scan'],
  ['chat_template', 'format.chat-template.scan'],
  ['chat_templates', 'format.chat-template.scan'],
  ['loader_module', 'format.mlflow.scan'],
  ['template_format', 'format.chat-template.scan'],
]);

/** Whether a key may name code, or what it is called with. */
export function namesTarget(key: string): boolean {
  return TARGET_KEYS.has(key) || MAYBE_TARGET_KEYS.has(key) || ARGUMENT_KEYS.has(key) || INSTRUCTION_KEYS.has(key);
}
