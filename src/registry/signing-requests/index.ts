export { askToAttest, askToCarry } from './ask.ts';
