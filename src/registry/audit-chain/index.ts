export { canonicalJson } from './canonical-json.ts';
export { breakOf, hashOfEntry, NO_ENTRY } from './chain.ts';
export type { Seal } from './seal.ts';
