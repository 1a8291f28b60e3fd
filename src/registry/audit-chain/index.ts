export { canonicalJson } from './canonical-json.ts';
export { NO_ENTRY, breakOf, hashOfEntry } from './chain.ts';
