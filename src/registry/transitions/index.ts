export { finishTransition } from './finish.ts';
export { closeVersion, endTransition, quarantine, retire } from './moves.ts';
export { refusedStages } from './refused.ts';
export { checkCorrectable, checkOpen, requestTransition, transition, transitions, withdraw } from './transitions.ts';
