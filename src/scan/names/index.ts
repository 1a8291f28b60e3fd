export { type NamedRepository, nameFindings } from './findings.ts';
export { nameRules } from './rules.ts';
