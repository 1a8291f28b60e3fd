export { type DecideOptions, decide, findGate } from './decide.ts';
export { DEFAULT_GATE, GATES, type Gate } from './gates.ts';
