export { readSentencePiece } from './sentencepiece.ts';
export { readTokenizerJson } from './tokenizer-json.ts';
