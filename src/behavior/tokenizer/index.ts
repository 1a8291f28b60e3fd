export { type EncodeOptions, TokenizerFile, type TokenizerOptions, type Tokens } from './tokenizer.ts';
