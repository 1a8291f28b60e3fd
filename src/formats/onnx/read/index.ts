export type { UnreadField } from '../../protobuf/index.ts';
export type { ExternalReference } from './message-reader.ts';
export { type OnnxReading, type ReadOnnxOptions, readOnnx } from './model.ts';
