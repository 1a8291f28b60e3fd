export { exfiltrationRules } from './rules.ts';
