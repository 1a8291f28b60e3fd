export { loadTerms } from './load.ts';
export type { GlossaryEntry } from './term.ts';
