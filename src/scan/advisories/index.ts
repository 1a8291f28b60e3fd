export { type AdvisedFile, advisoryFindings } from './match.ts';
export { loaderRules } from './rules.ts';
