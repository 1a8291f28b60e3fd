export type { CodeReference, Fact, ToldFacts } from './facts.ts';
export { declaringKind, readFacts } from './files.ts';
