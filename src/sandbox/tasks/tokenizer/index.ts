export { run, type TokenizerMessage, type TokenizerRequest } from './tokenizer.ts';
