export { readCoremlWeights, type WeightBlob } from './coreml-weights.ts';
export { ProtoCursor } from './cursor.ts';
export { ProtoWriter } from './encode.ts';
export { ProtoMessageReader, type UnreadField } from './message-reader.ts';
export {
  COREML,
  ONNX,
  PADDLE_PROGRAM,
  SENTENCEPIECE,
  TF_FINGERPRINT,
  TF_GRAPH,
  TF_KERAS_METADATA,
  TF_META_GRAPH,
  TF_SAVED_MODEL,
} from './proto-models.ts';
export {
  asciiOf,
  type ProtoField,
  protoFields,
  type StreamField,
  streamFields,
  type WireType,
  within,
} from './protobuf.ts';
export { VarintReader } from './varint.ts';
