export { type WriteOnnxOptions, type WrittenOnnx, writeOnnx } from './write.ts';
