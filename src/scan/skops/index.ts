export { SKOPS_RULES } from './rules.ts';
