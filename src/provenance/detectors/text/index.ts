export { TRIGGER_TOKENS } from './detector.ts';
