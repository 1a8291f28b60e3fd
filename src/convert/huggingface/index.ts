export { HUGGINGFACE } from './folders.ts';
