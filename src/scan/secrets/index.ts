export { secretRules } from './rules.ts';
