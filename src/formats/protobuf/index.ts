export { ProtoCursor } from './cursor.ts';
export { ProtoWriter } from './encode.ts';
export { ProtoMessageReader, type UnreadField } from './message-reader.ts';
export {
  COREML,
  ONNX,
  PADDLE_PROGRAM,
  SENTENCEPIECE,
  TF_GRAPH,
  TF_KERAS_METADATA,
  TF_META_GRAPH,
  TF_SAVED_MODEL,
} from './proto-models.ts';
export { type StreamField, streamFields, type WireType } from './protobuf.ts';
export { VarintReader } from './varint.ts';
