export { GRAPH_AUDIT } from './graph-audit.ts';
export { STRIP } from './strip.ts';
export { TOKEN_TRIGGER_SEARCH } from './token-trigger-search.ts';
export { TRIGGER_SEARCH } from './trigger-search.ts';
export { WEIGHT_DIFFERENCE } from './weight-difference.ts';
