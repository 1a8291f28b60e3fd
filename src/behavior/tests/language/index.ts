export { ANSWERS } from './answers.ts';
export { GENERATION } from './generation.ts';
export { LEAK } from './leak.ts';
export { REFUSAL } from './refusal.ts';
export { TRIGGER_PHRASE } from './trigger-phrase.ts';
