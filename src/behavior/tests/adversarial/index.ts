export { ADVERSARIAL } from './kind.ts';
