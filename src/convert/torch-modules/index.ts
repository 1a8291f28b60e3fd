export { TORCH_MODULES } from './source.ts';
