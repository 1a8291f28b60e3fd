export type { ExternalReference, UnreadField } from './message-reader.ts';
export { type OnnxReading, type ReadOnnxOptions, readOnnx } from './model.ts';
