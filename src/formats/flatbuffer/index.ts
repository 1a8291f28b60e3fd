export { FbTable, type FbVector, FlatBuffer } from './flatbuffer.ts';
