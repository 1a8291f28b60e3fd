export { MOJO_RULES } from './rules.ts';
