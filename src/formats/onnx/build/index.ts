export { attribute, type FloatValue, float, type PlainAttribute } from './attributes.ts';
export {
  type Attributes,
  GraphBuilder,
  type GraphValue,
  type OnnxShape,
  type OperatorOptions,
  tensorType,
} from './builder.ts';
export { constantKey } from './constants.ts';
export type { ModelInfo } from './model-info.ts';
export { NameTable } from './names.ts';
export { type NumberArray, tensorFrom, tensorOf, tensorOfStrings } from './tensors.ts';
