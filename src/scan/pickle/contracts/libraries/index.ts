export { ARROW_CONTRACTS } from './arrow.ts';
export { ARROW_TYPES } from './arrow-types.ts';
export { LIBRARY_CALLS, LIBRARY_ITEMS } from './calls.ts';
export { LOOKS_INTO_DICTS } from './labelled-arrays.ts';
export { isPlainFormula, LIBRARY_STATES } from './states.ts';
