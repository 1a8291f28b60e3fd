export { layOut, type SafetensorsLayout, totalBytes } from './layout.ts';
export { type TensorWriteOptions, writeSafetensors } from './write.ts';
