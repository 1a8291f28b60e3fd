export { openTestStore } from './files.ts';
export type { KeptTest, TestAttempt, TestedWith, TestStore } from './store.ts';
