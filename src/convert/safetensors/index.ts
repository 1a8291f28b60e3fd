export { type Layout, layOut, totalBytes } from './layout.ts';
export { type WriteOptions, writeSafetensors } from './write.ts';
