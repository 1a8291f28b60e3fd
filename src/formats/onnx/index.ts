export {
  type Attributes,
  attribute,
  constantKey,
  type FloatValue,
  float,
  GraphBuilder,
  type GraphValue,
  type ModelInfo,
  NameTable,
  type NumberArray,
  type OnnxShape,
  type OperatorOptions,
  type PlainAttribute,
  tensorFrom,
  tensorOf,
  tensorOfStrings,
  tensorType,
} from './build/index.ts';
export { byteLength, DATA_TYPES, type DataType, dataTypeOf, elementCount, isDataType } from './data-type.ts';
export type {
  OnnxAttribute,
  OnnxAttributeReference,
  OnnxAttributeType,
  OnnxAttributeValue,
  OnnxDimension,
  OnnxExternalData,
  OnnxFunction,
  OnnxGraph,
  OnnxModel,
  OnnxNode,
  OnnxOpset,
  OnnxProperty,
  OnnxQuantization,
  OnnxSparseTensor,
  OnnxTensor,
  OnnxTensorData,
  OnnxTraining,
  OnnxType,
  OnnxValue,
} from './model.ts';
export {
  type ExternalReference,
  type OnnxReading,
  type ReadOnnxOptions,
  readOnnx,
  type UnreadField,
} from './read/index.ts';
export { openRunner, type Runner, type RunnerOptions } from './run/index.ts';
export {
  type ExternalSources,
  externalRange,
  type TensorDataOptions,
  tensorBytes,
  tensorStrings,
} from './tensor-data.ts';
export { type WriteOnnxOptions, type WrittenOnnx, writeOnnx } from './write/index.ts';
