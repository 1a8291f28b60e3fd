export { readTexts } from './read.ts';
export { type TextsPart, textsPart } from './spec.ts';
