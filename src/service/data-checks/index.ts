export { openDataCheckStore } from './files.ts';
export type { CheckTexts, ComparedWith, DataAttempt, DataCheckStore, KeptCheck } from './store.ts';
