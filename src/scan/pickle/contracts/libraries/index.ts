export { ARROW_CONTRACTS } from './arrow.ts';
export { ARROW_TYPES } from './arrow-types.ts';
export { GRAPH_CALLS } from './graphs.ts';
export { isPlainFormula, LIBRARY_STATES } from './states.ts';
