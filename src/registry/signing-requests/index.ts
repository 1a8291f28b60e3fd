export { askToAttest, askToAttestData, askToCarry } from './ask.ts';
