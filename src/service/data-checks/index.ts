export { openDataCheckStore } from './files.ts';
export type { CheckTexts, DataAttempt, DataCheckStore, KeptCheck } from './store.ts';
