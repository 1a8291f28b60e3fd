export { triggerTokens } from './detector.ts';
