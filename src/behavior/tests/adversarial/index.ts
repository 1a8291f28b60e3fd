export { HOTFLIP } from './hotflip.ts';
export { ADVERSARIAL } from './kind.ts';
