export { TORCHSCRIPT_MODELS } from './source.ts';
