export { type ByteStream, type WriteOnnxOptions, type WrittenOnnx, writeOnnx } from './write.ts';
