export { COREML, ONNX, PADDLE_PROGRAM, SENTENCEPIECE, TF_GRAPH, TF_KERAS_METADATA, TF_META_GRAPH, TF_SAVED_MODEL } from './proto-models.ts';
export { type StreamField, type WireType, streamFields } from './protobuf.ts';
