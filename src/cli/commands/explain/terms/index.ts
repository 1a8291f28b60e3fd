export { loadTerms } from './load.ts';
export type { Term } from './term.ts';
