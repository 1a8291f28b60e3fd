export { ARROW_CONTRACTS } from './arrow.ts';
export { ARROW_TYPES } from './arrow-types.ts';
export { LIBRARY_CALLS, LIBRARY_ITEMS } from './calls.ts';
export { isPlainFormula, LIBRARY_STATES } from './states.ts';
